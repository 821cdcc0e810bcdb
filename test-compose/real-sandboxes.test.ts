import { afterAll, beforeAll, expect, test } from 'vitest';
import { askPrometheus } from './ask-prometheus.ts';
import { numbered } from './numbered.ts';
import { startDocker, type Docker } from './start-docker.ts';
import { makeStack, type ComposeStack } from './start-stack.ts';
import { submit } from './submit.ts';
import { readTruth, truthAtEnd } from './truth.ts';

const MINUTES = 60_000;
const BLOBS = ['run', '--rm', '-T', '--entrypoint', 'tar', 'cli', '-C', '/var/lib/evalpool/blobs'];

let docker: Docker;
let stack: ComposeStack;
beforeAll(async () => {
  docker = await startDocker();
  stack = await makeStack(docker);
  const ms = await stack.start(2);
  console.log(`all healthy after ${(ms / 1000).toFixed(1)} s`);
}, 30 * MINUTES);
afterAll(async () => {
  await stack.remove();
  await docker.close();
}, 5 * MINUTES);

test('the schema is made before any worker starts', async () => {
  const said = await stack.compose('logs', '--no-color', 'migrate');
  expect(said).toMatch(/schema \d{4}-[a-z-]+: \d+ migrations made/);
});

test('each verdict is the right one, and Prometheus counts the same', { timeout: 5 * MINUTES }, async () => {
  const specs = [
    ...numbered(8, (n) => ({
      id: `adds-${n}`,
      files: { 'add.py': 'print(1 + 1)' },
      test: 'python3 add.py | grep -x 2',
    })),
    ...numbered(4, (n) => ({ id: `fails-${n}`, test: 'node -e "process.exit(3)"' })),
    { id: 'hungry', test: `node -e 'const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))'` },
    { id: 'endless', test: 'while :; do :; done', timeouts: { test: 2 } },
  ];
  await submit(stack.redisUrl, 'real', specs);
  const outcomes = { passed: 8, failed: 5, timed_out: 1 };
  const counts = { evaluations: 14, results: 14, attempts: 14 };
  expect(await truthAtEnd(stack, 'real')).toEqual({ state: 'finished', ...counts, outcomes });
  const counted = (): Promise<Record<string, number>> =>
    askPrometheus(stack.prometheus, 'sum by (outcome) (evalpool_evaluations_total) > 0', 'outcome');
  await expect.poll(counted, { timeout: MINUTES }).toEqual(outcomes);
  expect(await stack.compose('run', '--rm', '-T', 'cli', 'explain', 'real', 'hungry')).toContain('limits');
});

test('a candidate with a way out reaches nothing of the deployment', { timeout: 5 * MINUTES }, async () => {
  const ports = { postgres: 5432, redis: 6379, evaluator: 9464, reaper: 9464, 'sandbox-server': 3333 };
  const targets = await Promise.all(
    Object.entries(ports).map(async ([service, port]) =>
      (await addressesOf(service)).map((address) => `${address}/${port}`),
    ),
  );
  const specs = targets.flat().map((target, n) => ({
    id: `reaches-${n}`,
    network: { test: 'nat' },
    test: `timeout 5 bash -c 'exec 3<>/dev/tcp/${target}' && exit 7; exit 0`,
  }));
  expect(specs.length).toBeGreaterThan(5);
  // Without a wall the last of them are reached.
  for (const target of targets.flat().slice(-1)) await inServer('bash', '-c', `exec 3<>/dev/tcp/${target}`);
  await submit(stack.redisUrl, 'nosy', specs);
  expect(await truthAtEnd(stack, 'nosy')).toMatchObject({ outcomes: { passed: specs.length } });
});

test('a root file system that is brought is where specs run', { timeout: 5 * MINUTES }, async () => {
  const [[server = ''], [redis = '']] = [
    await stack.containers('sandbox-server'),
    await stack.containers('redis'),
  ];
  const add =
    'cd /var/lib/evalpool/sandboxes && cat > new.tar && evalpool template add other new.tar; rm new.tar';
  await docker.run('sh', ['-c', `docker export ${redis} | docker exec -i -u 1000 ${server} sh -c '${add}'`]);
  const script = 'test ! -e /usr/bin/python3 && echo mine > /usr/share/mine && touch /testbed';
  await submit(stack.redisUrl, 'brought', [{ id: 'in-it', template: 'other', test: script }]);
  expect(await truthAtEnd(stack, 'brought')).toMatchObject({ outcomes: { passed: 1 } });
});

test('nobody in the sandbox server has a right, and it reaches neither Postgres nor Redis', async () => {
  const status = await inServer('sh', '-c', 'cat /proc/[0-9]*/status');
  expect(new Set(status.match(/^Uid:.*$/gm))).toEqual(new Set(['Uid:\t1000\t1000\t1000\t1000']));
  expect(new Set(status.match(/^CapEff:.*$/gm))).toEqual(new Set(['CapEff:\t0000000000000000']));
  expect(new Set(status.match(/^NoNewPrivs:.*$/gm))).toEqual(new Set(['NoNewPrivs:\t1']));
  const addresses = [(await addressesOf('postgres'))[0], (await addressesOf('redis'))[0]];
  for (const target of [`${addresses[0]}/5432`, `${addresses[1]}/6379`, 'postgres/5432', 'redis/6379']) {
    const reach = `exec 3<>/dev/tcp/${target}`;
    await expect(inServer('timeout', '5', 'bash', '-c', reach)).rejects.toThrow(reach);
  }
  expect(await inServer('cat', '/proc/1/environ')).not.toMatch(/POSTGRES|REDIS|DATABASE/);
});

test(
  'a backup restored into an empty stack has the results, and goes on',
  { timeout: 10 * MINUTES },
  async () => {
    const explain = ['run', '--rm', '-T', 'cli', 'explain', 'real', 'fails-1'];
    const dump = await stack.pipe(['exec', '-T', 'postgres', 'pg_dump', '-U', 'evalpool', '-Fc', 'evalpool']);
    const blobs = await stack.pipe([...BLOBS, '--sort=name', '-cf', '-', '.']);
    const empty = await makeStack(docker);
    try {
      await empty.compose('up', '-d', 'postgres');
      await empty.untilHealthy(['postgres']);
      await empty.pipe(['exec', '-T', 'postgres', 'pg_restore', '-U', 'evalpool', '-d', 'evalpool'], dump);
      await empty.pipe([...BLOBS, '-xf', '-'], blobs);
      await empty.start(1);
      expect(await readTruth(empty, 'real')).toEqual(await readTruth(stack, 'real'));
      expect(await empty.compose(...explain)).toBe(await stack.compose(...explain));
      expect((await empty.pipe([...BLOBS, '--sort=name', '-cf', '-', '.'])).equals(blobs)).toBe(true);
      await submit(empty.redisUrl, 'after', [{ id: 'goes-on', test: 'true' }]);
      expect(await truthAtEnd(empty, 'after')).toMatchObject({ outcomes: { passed: 1 } });
    } finally {
      await empty.remove();
    }
  },
);

async function inServer(...argv: string[]): Promise<string> {
  const [server = ''] = await stack.containers('sandbox-server');
  return String(await docker.run('docker', ['exec', '--user', '1000:1000', server, ...argv]));
}

async function addressesOf(service: string): Promise<string[]> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const said = await docker.run('docker', ['inspect', '-f', format, ...(await stack.containers(service))]);
  return String(said).split(/\s+/).filter(Boolean);
}
