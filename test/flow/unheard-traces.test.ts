import { afterEach, beforeAll, afterAll, expect, test } from 'vitest';
import { readBatch } from '../../src/database/batches.ts';
import { startReceiver, type Receiver } from '../fixtures/otlp-receiver.ts';
import { KEY, startTracedDeployment, type TracedDeployment } from './traced-deployment.ts';

const POLL = { timeout: 60_000, interval: 50 };

let deployment: TracedDeployment;
let receiver: Receiver | undefined;

beforeAll(async () => {
  deployment = await startTracedDeployment();
  await deployment.start('dispatcher', 'dispatcher');
});
afterEach(() => receiver?.close());
afterAll(() => deployment.close());

/** Evaluates a batch with an evaluator of its own, then ends that; returns how it ended: null if it had to be killed. */
async function evaluateWith(name: string, env: Record<string, string>): Promise<number | null> {
  const { child } = await deployment.start('evaluator', name, env);
  const { batch } = await deployment.submit(name, [{ test: 'sim 0.1' }, { test: 'sim 0.1' }]);
  const passed = async (): Promise<unknown> => (await readBatch(deployment.database, batch))?.counts.passed;
  await expect.poll(passed, POLL).toBe(2);
  await child.end();
  return child.ended;
}

test('a collector that is not there costs a log line, and no evaluation and no end of a process anything', async () => {
  expect(await evaluateWith('refused', deployment.tracedBy('http://127.0.0.1:9'))).toBe(0);
  expect(deployment.logs()).toContain('traces are lost');
});

test('one that never answers holds up no end of a process', async () => {
  receiver = await startReceiver(() => undefined);
  expect(await evaluateWith('unanswered', deployment.tracedBy(receiver.url))).toBe(0);
  expect(receiver.requests.length).toBeGreaterThan(0);
});

test('traces that were asked for in a way that is not known are not sent, and the log says why', async () => {
  const env = { ...deployment.tracedBy('http://127.0.0.1:9'), OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  expect(await evaluateWith('unknown', env)).toBe(0);
  expect(deployment.logs()).toContain("expected http/protobuf or http/json, there was 'grpc'");
});

test('no key, password or header is in any log, though a collector and a git server say them back', async () => {
  receiver = await startReceiver((request, reply) => {
    const said = JSON.stringify({ youSent: request.headers });
    reply.writeHead(401, said.slice(0, 10)).end(said);
  });
  const planted = {
    EVALPOOL_SECRET_REGISTRY: 'the-secret-of-the-registry',
    OTEL_EXPORTER_OTLP_HEADERS:
      'Authorization=Bearer%20the-token-of-the-collector,x-key=the-key-of-the-collector',
    DATABASE_URL: (deployment.env['DATABASE_URL'] ?? '').replace('@', ':the-password-of-postgres@'),
    GITHUB_TOKEN: 'the-token-of-github',
  };
  const env = { ...deployment.tracedBy(receiver.url), ...planted };
  const { ids } = await deployment.submit('secretive', [
    {
      test: 'sim 0.1',
      repo: 'https://user:the-password-of-the-repo@127.0.0.1:9/x.git',
      ref: 'main',
      fetch: 'evaluator',
    },
  ]);
  await evaluateWith('echo', env);
  const told = (): unknown => deployment.linesAbout(ids[0] ?? '').map(({ msg }) => msg);
  expect(told()).toContain('handed back');
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: 'Bearer the-token-of-the-collector' });
  expect(deployment.logs()).toContain('youSent');
  const words = ['registry', 'of-the-collector', 'postgres', 'github', 'of-the-repo'];
  const found = words.filter((word) =>
    new RegExp(`the-(secret|key|token|password)-?(of-)?(the-)?${word}`).test(deployment.logs()),
  );
  expect([...found, ...(deployment.logs().includes(KEY) ? [KEY] : [])]).toEqual([]);
});
