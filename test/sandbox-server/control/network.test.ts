import { createServer } from 'node:net';
import { ALL_TRAFFIC, Sandbox, type SandboxOpts } from 'e2b';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { makeOutsideWorld, type OutsideWorld } from '../outside-world.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { startUntil } from './count-inside.ts';

let host: TestServer;
let world: OutsideWorld | null = null;
beforeAll(async () => {
  host = await startTestServer();
  world = await makeOutsideWorld();
});
afterAll(async () => {
  world?.close();
  await host.close();
});

test('without lists a sandbox reaches the world, and lists that come later cut it off', async (context) => {
  const { addresses, network } = requireWorld(context);
  const [one, other] = addresses;
  const sandbox = await create({});
  expect(await reached(sandbox)).toEqual([one, other]);
  await sandbox.updateNetwork({ denyOut: [one] });
  expect(await reached(sandbox)).toEqual([other]);
  await sandbox.updateNetwork({ denyOut: [network] });
  expect(await reached(sandbox)).toEqual([]);
  await sandbox.updateNetwork({ denyOut: [network], allowOut: [one] });
  expect(await reached(sandbox)).toEqual([one]);
  await sandbox.updateNetwork({ denyOut: [other] });
  expect(await reached(sandbox)).toEqual([one]);
  await sandbox.updateNetwork({ allowInternetAccess: false });
  expect(await reached(sandbox)).toEqual([]);
  await sandbox.updateNetwork({});
  expect(await reached(sandbox)).toEqual([one, other]);
  await sandbox.kill();
});

test('an allow-list opens only what is in it, and what is allowed wins over what is denied', async (context) => {
  const [one] = requireWorld(context).addresses;
  const allowed = await create({ network: { denyOut: [ALL_TRAFFIC], allowOut: [one] } });
  expect(await reached(allowed)).toEqual([one]);
  expect(await allowed.getInfo()).toMatchObject({ network: { denyOut: [ALL_TRAFFIC], allowOut: [one] } });
  const both = await create({ network: { denyOut: [one], allowOut: ['203.0.113.0/24'] } });
  expect(await reached(both)).toHaveLength(2);
  const closed = await create({ allowInternetAccess: false, network: { allowOut: [one] } });
  expect(await reached(closed)).toEqual([one]);
  await Promise.all([allowed, both, closed].map((sandbox) => sandbox.kill()));
});

test('a connection that is open is cut by a list', async (context) => {
  const { addresses, echoPort } = requireWorld(context);
  const sandbox = await create({});
  const talk = `exec 3<>/dev/tcp/${addresses[0]}/${echoPort}
    echo one >&3; read -t 30 answer <&3; echo heard $answer
    until [ -e cut ]; do sleep 0.01; done
    echo two >&3; read -t 1 answer <&3 && echo heard $answer; echo over`;
  const command = await startUntil(sandbox, talk, 'heard one');
  await sandbox.updateNetwork({ denyOut: [addresses[0]] });
  await sandbox.files.write('cut', '');
  expect((await command.wait()).stdout).toBe('heard one\nover\n');
  await sandbox.kill();
});

test('no list opens private networks, the host itself or its resolver', async (context) => {
  const { addresses, own, port } = requireWorld(context);
  const here = createServer((socket) => socket.end('hello\n'));
  await new Promise<void>((resolve) => here.listen(port, own, resolve));
  const sandbox = await create({
    network: { allowOut: ['0.0.0.0/0', '10.0.0.0/8', '169.254.169.254', own] },
  });
  const hosts = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.0.1', own];
  expect(await reached(sandbox, hosts)).toEqual([]);
  const routes = await sandbox.commands.run('cat /proc/net/route');
  expect(routes.stdout).toContain('tap0');
  await sandbox.updateNetwork({ denyOut: [ALL_TRAFFIC], allowOut: addresses.slice() });
  const resolved = await sandbox.commands
    .run('(echo > /dev/udp/10.0.2.3/53) 2>&1')
    .catch((error: unknown) => error);
  expect(String(Reflect.get(Object(resolved), 'stdout'))).toContain('No route to host');
  await sandbox.kill();
  here.close();
});

test('what lists cannot be here is refused in words, and changes nothing', async (context) => {
  const [one] = requireWorld(context).addresses;
  const sandbox = await create({ network: { denyOut: [one] } });
  const before = await reached(sandbox);
  await expect(sandbox.updateNetwork({ allowOut: ['example.com'], denyOut: [ALL_TRAFFIC] })).rejects.toThrow(
    /501.*neither host names nor ports/,
  );
  await expect(sandbox.updateNetwork({ denyOut: ['example.com'] })).rejects.toThrow(
    '400: invalid denied CIDR',
  );
  const many = Array.from({ length: 300 }, (_, index) => `8.8.${index % 256}.8`);
  await expect(sandbox.updateNetwork({ denyOut: many })).rejects.toThrow('400');
  const proxy = { egressProxy: { address: 'proxy.example.com:1080' } };
  await expect(sandbox.updateNetwork(proxy)).rejects.toThrow('501');
  await expect(Sandbox.create({ ...host.sdk, network: proxy })).rejects.toThrow('501');
  const masked = { maskRequestHost: 'localhost:3000' };
  await expect(Sandbox.create({ ...host.sdk, network: masked })).rejects.toThrow('501');
  expect(await reached(sandbox)).toEqual(before);
  await sandbox.kill();
});

function requireWorld(context: TestContext): OutsideWorld {
  if (!host.networks.includes('nat')) return context.skip('needs slirp4netns and /dev/net/tun');
  return world ?? context.skip('needs root and iproute2');
}

function create(options: SandboxOpts): Promise<Sandbox> {
  return Sandbox.create({ ...host.sdk, allowInternetAccess: true, ...options });
}

/** Which addresses answer. */
async function reached(
  sandbox: Sandbox,
  hosts: readonly string[] = world?.addresses ?? [],
): Promise<string[]> {
  const ask = `for h in ${hosts.join(' ')}; do [ "$(timeout 5 cat < /dev/tcp/$h/${world?.port})" ] && echo $h; done; :`;
  return (await sandbox.commands.run(ask)).stdout.split('\n').filter(Boolean);
}
