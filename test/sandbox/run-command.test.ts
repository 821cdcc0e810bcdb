import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { testProvider } from '../fixtures/provider.ts';
import type { CommandOptions, Sandbox, Sandboxes } from '../../src/sandbox/sandbox.ts';
import { startTestServer, type TestServer } from '../sandbox-server/start-test-server.ts';

let server: TestServer;
let sandboxes: Sandboxes;
let sandbox: Sandbox;
let said: string;
beforeAll(async () => {
  server = await startTestServer();
  sandboxes = openSandboxes(testProvider(server.sdk));
  sandbox = await sandboxes.create({ template: undefined, metadata: {}, lifeMs: 60_000, network: undefined });
});
afterAll(() => server.close());
beforeEach(() => {
  said = '';
});

const command = (text: string, more: Partial<CommandOptions> = {}): CommandOptions => ({
  command: text,
  deadlineMs: 20_000,
  onOutput: (chunk) => (said += chunk),
  ...more,
});

/** Resolves once the command printed `ready`. */
function whenReady(): { ready: Promise<void>; onOutput: (chunk: string) => void } {
  const heard = new EventEmitter();
  const onOutput = (chunk: string): void => {
    said += chunk;
    if (said.includes('ready')) heard.emit('ready');
  };
  return { ready: once(heard, 'ready').then(() => undefined), onOutput };
}

/** Bytes of memory in use, those outside the heap too. */
function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a command ends with its exit status, its output and its environment', async () => {
  const exit = await sandbox.run(command('echo "$A" out; echo err >&2; exit 3', { env: { A: 'b' } }));
  expect(exit).toEqual({ exitCode: 3, signal: null, heardAll: true });
  expect(said).toContain('b out\n');
  expect(said).toContain('err\n');
});

test('a command that a signal ended says which', async () => {
  expect(await sandbox.run(command('kill -KILL $$'))).toMatchObject({ exitCode: -1, signal: 'SIGKILL' });
  expect(await sandbox.run(command('kill -TERM $$'))).toMatchObject({ exitCode: -1, signal: 'SIGTERM' });
});

test('a command still running at its deadline is killed and said to be the candidate’s', async () => {
  const run = sandbox.run(command("trap '' TERM; echo $$; exec sleep 600", { deadlineMs: 300 }));
  await expect(run).rejects.toMatchObject({ name: 'DeadlinePassed' });
  const pid = said.trim();
  expect(await sandbox.run(command(`kill -0 ${pid} 2>/dev/null`))).toMatchObject({ exitCode: 1 });
});

test('an abort kills the command and rejects with its reason', async () => {
  const { ready, onOutput } = whenReady();
  const controller = new AbortController();
  const run = sandbox.run(command('echo $$ ready; exec sleep 600', { signal: controller.signal, onOutput }));
  await ready;
  const reason = new Error('cancelled');
  const [ended] = await Promise.allSettled([run, Promise.resolve(controller.abort(reason))]);
  expect(ended).toEqual({ status: 'rejected', reason });
  const pid = said.split(' ')[0] ?? '';
  expect(await sandbox.run(command(`kill -0 ${pid} 2>/dev/null`))).toMatchObject({ exitCode: 1 });
  await expect(sandbox.run(command('true', { signal: controller.signal }))).rejects.toBe(reason);
});

test('a sandbox that dies in the middle is lost, not a time-out', async () => {
  const own = await sandboxes.create({
    template: undefined,
    metadata: {},
    lifeMs: 60_000,
    network: undefined,
  });
  const { ready, onOutput } = whenReady();
  const run = own.run(command('echo ready; sleep 600', { onOutput }));
  await ready;
  const [ended] = await Promise.allSettled([run, sandboxes.destroy(own.id)]);
  expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'SANDBOX_LOST' } });
});

test('a command in a sandbox that is gone is lost with it', async () => {
  const own = await sandboxes.create({
    template: undefined,
    metadata: {},
    lifeMs: 60_000,
    network: undefined,
  });
  await sandboxes.destroy(own.id);
  await expect(own.run(command('true'))).rejects.toMatchObject({ code: 'SANDBOX_LOST' });
});

test('memory stays bounded however much a command prints', async () => {
  let bytes = 0;
  const before = used();
  let most = 0;
  await sandbox.run(
    command('head -c 150000000 /dev/zero | tr "\\0" y', {
      deadlineMs: 120_000,
      onOutput: (chunk) => {
        bytes += chunk.length;
        most = Math.max(most, used());
      },
    }),
  );
  expect(bytes).toBe(150_000_000);
  expect(most - before).toBeLessThan(120_000_000);
});

test('files are written in one request and read back within a bound', async () => {
  const files = new Map([
    ['/home/user/new folder/ä.bin', Buffer.from([0, 255])],
    ['/tmp/empty', Buffer.alloc(0)],
  ]);
  await sandbox.writeFiles(files, 'user');
  expect(await sandbox.readFile('/home/user/new folder/ä.bin', 2)).toEqual(Buffer.from([0, 255]));
  expect(await sandbox.readFile('/tmp/empty', 2)).toHaveLength(0);
  await expect(sandbox.readFile('/home/user/new folder/ä.bin', 1)).rejects.toMatchObject({ code: 'LIMITS' });
  expect(await sandbox.readFile('/home/user/none', 1)).toBeNull();
  expect(await sandbox.readFile('/home/user/new folder', 1)).toBeNull();
});

test('what is created is listed by its metadata until it is destroyed, which may be asked twice', async () => {
  const metadata = { deployment: 'd 1', nonce: 'x&y' };
  const { id } = await sandboxes.create({
    template: undefined,
    metadata,
    lifeMs: 60_000,
    network: undefined,
  });
  expect(await sandboxes.list(metadata)).toMatchObject([{ id, metadata }]);
  await sandboxes.destroy(id);
  await sandboxes.destroy(id);
  expect(await sandboxes.list(metadata)).toEqual([]);
});
