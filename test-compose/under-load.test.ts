import { afterAll, beforeAll, expect, test } from 'vitest';
import { askPrometheus } from './ask-prometheus.ts';
import { numbered } from './numbered.ts';
import { startDocker, type Docker } from './start-docker.ts';
import { makeStack, type ComposeStack } from './start-stack.ts';
import { submit } from './submit.ts';
import { readTruth, truthAtEnd, type Truth } from './truth.ts';

const MINUTES = 60_000;
const SLOTS = 20;

let docker: Docker;
let stack: ComposeStack;
beforeAll(async () => {
  docker = await startDocker();
  stack = await makeStack(docker, { EVALPOOL_CONCURRENCY: SLOTS }, ['test-compose/simulated.yml']);
  await stack.start(2);
}, 30 * MINUTES);
afterAll(async () => {
  await stack.remove();
  await docker.close();
}, 5 * MINUTES);

test('a batch of 200 finishes, seen in Prometheus', { timeout: 5 * MINUTES }, async () => {
  await submit(stack.redisUrl, 'load', simulated(200));
  expect(await truthAtEnd(stack, 'load')).toEqual(passedOnce(200));
  const ask = (query: string, label: string) => async (): Promise<Record<string, number>> =>
    askPrometheus(stack.prometheus, query, label);
  await expect
    .poll(ask('sum by (outcome) (evalpool_evaluations_total) > 0', 'outcome'), { timeout: MINUTES })
    .toEqual({ passed: 200 });
  expect(await ask('sum by (job) (up)', 'job')()).toEqual({
    evaluator: 2,
    dispatcher: 1,
    reaper: 1,
    prometheus: 1,
  });
  const stats = await docker.run('docker', ['stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}']);
  console.log(String(stats));
});

test(
  'evaluators restarted one after another lose and repeat nothing',
  { timeout: 10 * MINUTES },
  async () => {
    await submit(stack.redisUrl, 'rolled', simulated(800));
    const before = await stack.containers('evaluator');
    for (const id of before) {
      await docker.run('docker', ['stop', '--time', '75', id]);
      const status = await docker.run('docker', ['inspect', '-f', '{{.State.ExitCode}}', id]);
      expect(String(status)).toBe('0\n'); // it drained, and was not killed
      await docker.run('docker', ['rm', id]);
      await stack.compose('up', '-d', '--no-deps', '--no-recreate', '--scale', 'evaluator=2', 'evaluator');
      await stack.untilHealthy(['evaluator']);
    }
    const after = await stack.containers('evaluator');
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect((await readTruth(stack, 'rolled'))?.state).toBe('sealed');
    expect(await truthAtEnd(stack, 'rolled')).toEqual(passedOnce(800));
    const { highest } = await readLedger(after[0] ?? '');
    expect(highest.live).toBeLessThanOrEqual(SLOTS);
  },
);

/** From 1 to 3 s each. */
function simulated(count: number): object[] {
  return numbered(count, (n) => ({ id: `s${n}`, test: `sim ${1 + (n % 5) / 2}` }));
}

function passedOnce(count: number): Truth {
  const counts = { evaluations: count, results: count, attempts: count };
  return { state: 'finished', ...counts, outcomes: { passed: count } };
}

// Nothing but the deployment's own network reaches the sandbox server.
async function readLedger(evaluator: string): Promise<{ highest: { live: number } }> {
  const ask = `fetch('http://sandbox-server:3333/admin/ledger', { headers: { 'x-api-key': process.env.E2B_API_KEY } })
    .then((reply) => reply.text()).then(console.log)`;
  const said = String(await docker.run('docker', ['exec', evaluator, 'node', '-e', ask]));
  console.log(said);
  return JSON.parse(said);
}
