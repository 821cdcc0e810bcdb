import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../fixtures/listen.ts';
import { startCli, type Running } from './run-cli.ts';

const SPECS = [
  { id: 'good', test: 'sleep 3' },
  { id: 'bad', test: 'exit 3' },
  { id: 'also-good', test: 'true' },
];

test('a run serves the figures of all its processes meanwhile, and leaves them where it is told at its end', async () => {
  const gateway = await openGateway();
  const folder = makeFolder();
  const command =
    'run batch.jsonl --batch seen --deadline 8h --metrics-port 0 --metrics-file seen.prom --push-metrics';
  const running = start(folder, [...command.split(' '), gateway.url]);
  const url = (await running.saysLike(/^metrics: (http:\S+)$/m))[1] ?? '';
  // One of the evaluations sleeps for that.
  await expect
    .poll(async () => (await fetch(url)).text(), { timeout: 30_000, interval: 50 })
    .toContain('evalpool_attempts_running{provider="local",stage="test"} 1');
  expect((await running.ended).code).toBe(0);
  const pushed = await gateway.pushed;
  expect(pushed.path).toBe('/metrics/job/evalpool');
  for (const figures of [readFileSync(join(folder, 'seen.prom'), 'utf8'), pushed.body]) {
    expect(figures).toContain('evalpool_evaluations_total{provider="local",outcome="passed",error="none"} 2');
    expect(figures).toContain(
      'evalpool_evaluations_total{provider="local",outcome="failed",error="TESTS_FAILED"} 1',
    );
    expect(figures).toContain('evalpool_attempts_total{provider="local"} 3');
    expect(figures).toContain('evalpool_creations_total{provider="local",outcome="created"} 3');
    expect(figures).toMatch(
      /evalpool_stage_duration_seconds_count\{.*stage="collect",outcome="failed".*\} 1/,
    );
    expect(figures).toMatch(
      /evalpool_sandbox_seconds_total\{provider="local",tenant="default"\} 0?\.\d+|[1-9]/,
    );
    expect(figures).toMatch(
      /evalpool_batch_info\{place="\d",batch="seen",tenant="default",provider="local",state="finished"\} 1/,
    );
    expect(figures).toMatch(/evalpool_batch_ended\{place="\d",outcome="passed"\} 2/);
    expect(figures).toMatch(/evalpool_batch_deadline_timestamp_seconds\{place="\d"\} 1\d{9}/);
    for (const kind of ['dispatcher', 'evaluator', 'reaper'])
      expect(figures).toMatch(new RegExp(`evalpool_build_info\\{.*process="${kind}"\\} 1`));
  }
});

test('what cannot be delivered is said and costs the batch nothing; a port that is taken costs nothing either', async () => {
  const taken = await openGateway();
  const folder = makeFolder();
  const command = 'run batch.jsonl --metrics-file no/such/folder.prom --push-metrics http://127.0.0.1:1';
  const told = await start(folder, command.split(' ')).ended;
  expect(told.code).toBe(0);
  expect(told.stderr).toMatch(/--push-metrics: .*ECONNREFUSED.*the batch is not affected/);
  expect(told.stderr).toMatch(/--metrics-file: ENOENT.*the batch is not affected/);
  expect(told.stdout).toContain('passed 2 · failed 1');
  const { port } = new URL(taken.url);
  const refused = await start(folder, ['run', 'batch.jsonl', '--metrics-port', port]).ended;
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(new RegExp(`--metrics-port ${port}: .*EADDRINUSE`));
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-figures-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  writeFileSync(join(folder, 'batch.jsonl'), SPECS.map((spec) => JSON.stringify(spec)).join('\n'));
  return folder;
}

function start(folder: string, args: string[]): Running {
  const running = startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } });
  running.child.stdin.end();
  return running;
}

interface Gateway {
  url: string;
  pushed: Promise<{ path: string; body: string }>;
}

async function openGateway(): Promise<Gateway> {
  const server = createServer();
  onTestFinished(() => void server.close());
  const pushed = new Promise<{ path: string; body: string }>((resolve, reject) => {
    server.on('request', (request, response) => {
      response.end();
      text(request).then((body) => resolve({ path: request.url ?? '', body }), reject);
    });
  });
  return { url: await listen(server), pushed };
}
