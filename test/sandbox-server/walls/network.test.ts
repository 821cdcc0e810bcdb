import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
