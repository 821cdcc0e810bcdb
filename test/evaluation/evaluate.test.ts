import { EventEmitter, once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openBench, makeRepo, type Bench } from './try-spec.ts';

const Request = z.object({ request: z.object({ method: z.string(), path: z.string() }) });

let bench: Bench;
let repo: string;
beforeAll(async () => {
  bench = await openBench();
  repo = makeRepo(bench.folder, { 'a.txt': 'one\n' }).path;
});
afterAll(() => bench.close());

/** The requests that the SDK sends while `work` runs. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const hear = (message: unknown): void => {
    const request = Request.parse(message).request;
    sent.push(`${request.method} ${request.path.replace(/\/i[a-z0-9]{10,}/, '/ID').split('?')[0]}`);
  };
  subscribe('undici:request:create', hear);
  try {
    await work();
  } finally {
    unsubscribe('undici:request:create', hear);
  }
  return sent;
}

test('the least evaluation costs three requests, with files four', async () => {
  const start = 'POST /process.Process/Start';
  expect(await requestsOf(() => bench.attempt({}))).toEqual([
    'POST /v2/sandboxes',
    start,
    'DELETE /sandboxes/ID',
  ]);
  expect(await requestsOf(() => bench.attempt({ files: { a: 'x', b: 'y' } }))).toEqual([
    'POST /v2/sandboxes',
    'POST /files',
    start,
    'DELETE /sandboxes/ID',
  ]);
});

test('a report in a file costs a command and a read, a build a command, and what it must not change a few', async () => {
  const [create, destroy] = ['POST /v2/sandboxes', 'DELETE /sandboxes/ID'];
  const [start, read, write] = ['POST /process.Process/Start', 'GET /files', 'POST /files'];
  const report = { format: 'tap', path: 'r.tap' } as const;
  const script = 'printf "ok 1 - a\\n1..1\\n" > r.tap';
  expect(await requestsOf(() => bench.attempt({ test: script, report }))).toEqual([
    create,
    start,
    start,
    read,
    destroy,
  ]);
  const printed = { test: 'echo ok 1 - a; echo 1..1', report: { format: 'tap' } } as const;
  expect(await requestsOf(() => bench.attempt(printed))).toEqual([create, start, destroy]);
  const built = { files: { a: 'x' }, build: 'true' };
  expect(await requestsOf(() => bench.attempt(built))).toEqual([create, write, start, start, start, destroy]);
  expect(
    await requestsOf(() => bench.attempt({ ...built, setup: 'echo > t.sh', protect: ['t.sh'] })),
  ).toEqual([create, start, write, start, start, read, read, start, write, start, destroy]);
});

test('the stages run in order, are timed, and each leaves its log', async () => {
  const seen: string[] = [];
  const tried = await bench.attempt(
    {
      repo,
      setup: ['echo set', 'echo up >&2'],
      patch: '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n',
      build: 'echo built',
      test: 'cat a.txt; pwd; echo "$A"',
      env: { A: 'b c' },
    },
    { onStage: (stage, seconds, outcome) => seen.push(`${stage} ${outcome} ${seconds >= 0}`) },
  );
  const stages = ['create', 'fetch', 'setup', 'patch', 'build', 'test', 'collect', 'destroy'];
  expect(seen).toEqual(stages.map((stage) => `${stage} ok true`));
  expect(tried.stages.map((each) => each.stage)).toEqual(stages);
  expect(tried.logs.map((each) => each.stage)).toEqual(['fetch', 'setup', 'build', 'test']);
  expect(await tried.log('setup')).toMatch(/^(set\nup|up\nset)\n$/);
  expect(tried).toMatchObject({ code: '', exitCode: 0, tail: 'two\n/home/user/repo\nb c' });
});

test('a failed evaluation keeps what it has', async () => {
  const tried = await bench.attempt({ setup: 'echo up', build: 'echo cannot build; exit 7', test: 'true' });
  expect(tried).toMatchObject({ code: 'BUILD_FAILED', stage: 'build', exitCode: null, tail: 'cannot build' });
  expect(tried.message).toContain('exit status 7');
  expect(tried.logs.map((each) => each.stage)).toEqual(['setup', 'build']);
  expect(tried.stages.at(-1)?.stage).toBe('destroy');
});

test('scripts stop at their first failure, in pipes too, unless the spec names another shell', async () => {
  expect(await bench.attempt({ test: 'false\ntrue' })).toMatchObject({ code: 'TESTS_FAILED' });
  expect(await bench.attempt({ test: 'false | true' })).toMatchObject({ code: 'TESTS_FAILED' });
  expect(await bench.attempt({ shell: 'sh', test: 'false\necho "it\'s $0"' })).toMatchObject({
    code: '',
    tail: "it's sh",
  });
  const node = await bench.attempt({ shell: 'node --eval', test: 'x' });
  expect(node.code).toBe('TESTS_FAILED');
});

test('scripts run in cwd, which is made', async () => {
  expect(await bench.attempt({ cwd: "/tmp/it's new/here", test: 'pwd' })).toMatchObject({
    tail: "/tmp/it's new/here",
  });
});

test('secrets are seen by fetch and setup only, and stand in no log', async () => {
  const look = 'echo "secret is $TOKEN."; printf %s "$TOKEN" | rev; exit 0';
  const tried = await bench.attempt(
    { secrets: ['TOKEN'], setup: look, build: look, test: look },
    { secret: (name) => (name === 'TOKEN' ? 'p4ssw0rd-p4ssw0rd' : undefined) },
  );
  expect(await tried.log('setup')).toBe('secret is ***.\ndr0wss4p-dr0wss4p');
  expect(await tried.log('build')).toBe('secret is .\n');
  expect(tried.tail).toBe('secret is .');
});

test('the output of a stage is kept head and tail, and its tail is harmless', async () => {
  const tried = await bench.attempt({
    test: 'echo first; head -c 5000000 /dev/zero | tr "\\0" x; printf "\\n\\033[31mlast\\033[0m\\007\\n"',
  });
  const log = await tried.log('test');
  expect(tried.logs).toMatchObject([{ bytes: 5_000_022, cut: true }]);
  expect(log.length).toBeLessThan(1_100_000);
  expect(log).toMatch(/^first\nx[^]*\n\[evalpool: \d+ bytes left out here\]\n[^]*last/);
  expect(tried.tail).toMatch(/x{399}…\nlast\ufffd?$/);
});

test('a cancelled attempt ends with the reason it was given, its sandbox destroyed', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  const destroyed: string[] = [];
  const tried = bench.attempt(
    { test: 'echo running; sleep 600' },
    {
      signal: controller.signal,
      async create(network) {
        const order = { template: undefined, metadata: {}, lifeMs: 60_000, network };
        const sandbox = await bench.sandboxes.create(order);
        const run: typeof sandbox.run = (options) =>
          sandbox.run({ ...options, onOutput: () => controller.abort(reason) });
        return { ...sandbox, run };
      },
      async destroy(sandbox) {
        destroyed.push(sandbox.id);
        await bench.sandboxes.destroy(sandbox.id);
      },
    },
  );
  expect(await tried).toMatchObject({ code: 'Error', message: 'cancelled' });
  expect(destroyed).toHaveLength(1);
});

test('a create that answers long after its deadline gives back its sandbox', async () => {
  const heard = new EventEmitter();
  const destroyed = once(heard, 'destroyed');
  const tried = await bench.attempt(
    { timeouts: { create: 0.01 } },
    {
      async create(network) {
        const order = { template: undefined, metadata: { late: 'x' }, lifeMs: 60_000, network };
        const sandbox = await bench.sandboxes.create(order);
        await once(heard, 'answer');
        return sandbox;
      },
      async destroy(sandbox) {
        await bench.sandboxes.destroy(sandbox.id);
        heard.emit('destroyed');
      },
    },
  );
  expect(tried).toMatchObject({ code: 'STAGE_STUCK', stage: 'create' });
  heard.emit('answer');
  await destroyed;
  expect(await bench.sandboxes.list({ late: 'x' })).toEqual([]);
});

test('each stage has the network it asks for, and changes only where it must', async () => {
  const changes: string[] = [];
  await bench.attempt(
    { setup: 'true', build: 'true', test: 'true', network: { setup: 'nat', test: 'none' } },
    {
      networks: ['none', 'nat', 'full'],
      defaultNetwork: 'full',
      async create(network) {
        changes.push(`create ${network}`);
        const order = { template: undefined, metadata: {}, lifeMs: 60_000, network: 'none' } as const;
        const sandbox = await bench.sandboxes.create(order);
        return { ...sandbox, setNetwork: async (to) => void changes.push(to) };
      },
    },
  );
  expect(changes).toEqual(['create nat', 'full', 'none']);
});
