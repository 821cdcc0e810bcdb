import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRIVATE_NETWORKS } from '../../../src/private-networks.ts';
import { isInNetworks, readNetwork } from '../../../src/sandbox-server/ipv4-networks.ts';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { run, startWall } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;

beforeAll(async () => {
  walls = await startWall();
});
afterAll(() => walls.close());

const INTERFACES = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " \\n"';

test('A network that is not offered is refused by name', async () => {
  const box = await walls.open();
  await expect(box.setNetwork('full')).rejects.toMatchObject({ code: 'NETWORK_UNAVAILABLE' });
  await box.setNetwork('none');
  expect((await run(box, INTERFACES)).out).toBe('lo');
  await box.destroy();
});

test('With nat neither the loopback of the host nor private addresses answer, and none takes it back', async (context) => {
  if (!walls.wall.report().networks.includes('nat')) return context.skip();
  const server = createServer((socket) => socket.end('secret'));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const box = await walls.open();
  await box.setNetwork('nat');
  await box.setNetwork('nat');
  expect((await run(box, INTERFACES)).out).toBe('lotap0');
  const hosts = '127.0.0.1 10.0.2.2 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254';
  const reached = await run(box, `for h in ${hosts}; do cat </dev/tcp/$h/${port} && echo $h; done`);
  expect(reached.out).toBe('');
  await box.setNetwork('none');
  expect((await run(box, INTERFACES)).out).toBe('lo');
  await box.setNetwork('nat');
  await box.destroy();
  server.close();
});

test('Neighbours on a link of the host are refused like the host', async (context) => {
  if (!walls.wall.report().networks.includes('nat'))
    return context.skip('needs slirp4netns and /dev/net/tun');
  const links = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(
      ({ internal, family, address }) =>
        !internal && family === 'IPv4' && !isInNetworks(address, PRIVATE_NETWORKS),
    )
    .map(({ cidr }) => readNetwork(cidr ?? '')?.split('/')[0]);
  if (links.length === 0) return context.skip('every link of this machine is private');
  const box = await walls.open();
  await box.setNetwork('nat');
  expect(await refusedIn(box)).toEqual(expect.arrayContaining(links));
  await box.destroy();
});

test('Denied networks change in the order they were asked for, and none is left over', async (context) => {
  if (!walls.wall.report().networks.includes('nat'))
    return context.skip('needs slirp4netns and /dev/net/tun');
  const box = await walls.open();
  await box.setNetwork('nat', ['9.9.9.0/24']);
  const alone = await refusedIn(box);
  expect(alone).toContain('9.9.9.0');
  await Promise.all([
    box.setNetwork('nat', ['8.8.8.0/24', '9.9.9.0/24']),
    box.setNetwork('none'),
    box.setNetwork('nat', ['8.8.8.0/24']),
    box.setNetwork('nat', ['7.7.7.0/24', '10.0.0.0/15']),
  ]);
  expect((await run(box, INTERFACES)).out).toBe('lotap0');
  const routes = await refusedIn(box);
  expect(routes).toEqual(expect.arrayContaining(['7.7.7.0', '10.0.2.3', '10.0.0.0', '192.168.0.0']));
  expect(routes.filter((network) => /^[89]\./.test(network))).toEqual([]);
  await box.setNetwork('nat');
  expect(await refusedIn(box)).toEqual(alone.filter((network) => network !== '9.9.9.0'));
  await box.destroy();
});

/** First addresses of the networks that routes of the box refuse. */
async function refusedIn(box: HostBox): Promise<string[]> {
  const { out } = await run(box, 'cat /proc/net/route');
  const lines = out.split('\n').map((line) => line.split('\t'));
  const refused = lines.filter(([, , , flags]) => (Number.parseInt(flags ?? '', 16) & 0x200) !== 0);
  return refused
    .map(([, network = '']) => [...Buffer.from(network, 'hex')].toReversed().join('.'))
    .toSorted();
}
