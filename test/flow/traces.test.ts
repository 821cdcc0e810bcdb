import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endProcess } from '../../src/database/processes.ts';
import { INTAKE_QUEUE, PREFIX } from '../../src/queue/names.ts';
import { startReceiver, type Receiver } from '../fixtures/otlp-receiver.ts';
import { playFaults } from '../sandbox-server/ask-admin.ts';
import { CONSUMER, expectNested, FAILED, named, partsOf, receivedOf, traceOf } from './read-traces.ts';
import { startTracedDeployment, type TracedDeployment } from './traced-deployment.ts';

const POLL = { timeout: 60_000, interval: 50 };
const STAGES = ['create', 'test', 'collect', 'destroy'];

let deployment: TracedDeployment;
let receiver: Receiver;
let redis: Redis;
let traced: Record<string, string>;
let evaluator: { url: string };
let first: { batch: string; ids: string[] };

const spec = (id: string): object => ({ id, test: 'sim 0.1' });

beforeAll(async () => {
  receiver = await startReceiver();
  deployment = await startTracedDeployment();
  traced = deployment.tracedBy(receiver.url);
  const path = (deployment.env['REDIS_URL'] ?? '').replace('unix://', '');
  redis = new Redis(path, { maxRetriesPerRequest: null });
});
afterAll(async () => {
  redis.disconnect();
  receiver.close();
  await deployment.close();
});

test('an evaluation is one trace through all processes, though Redis loses everything on the way', async () => {
  await deployment.start('dispatcher', 'dispatcher', traced);
  first = await deployment.submit('first', [{ test: 'sim 0.2' }, { test: 'sim 0.1 exit 1' }]);
  await expect.poll(() => named(receiver.spans(), 'dispatch'), POLL).toHaveLength(2);
  await redis.flushall();
  evaluator = await deployment.start('evaluator', 'evaluator', traced);
  const spans = await traceOf(receiver, first.ids[0] ?? '');
  const [root, queue, attempt] = ['evaluation', 'queue', 'attempt'].map((name) => named(spans, name)[0]);
  expect(partsOf(root, spans)).toEqual(['queue', 'attempt']);
  expect(partsOf(queue, spans)).toEqual(['dispatch', 'slot']);
  expect(partsOf(attempt, spans)).toEqual(STAGES);
  expect(spans).toHaveLength(5 + STAGES.length);
  expectNested(spans);
  const [dispatch, slot] = [named(spans, 'dispatch')[0], named(spans, 'slot')[0]];
  expect([dispatch?.service, slot?.service]).toEqual(['evalpool-dispatcher', 'evalpool-evaluator']);
  const { traceId, spanId } = dispatch ?? {};
  expect(slot).toMatchObject({ kind: CONSUMER, links: [{ traceId, spanId }] });
  expect(root?.attributes).toMatchObject({
    'evalpool.batch.id': first.batch,
    'evalpool.task.id': 'first-0',
    'evalpool.outcome': 'passed',
    'evalpool.provider': 'delta',
  });
});

test('a candidate that fails its tests is no failure of ours', async () => {
  const spans = await traceOf(receiver, first.ids[1] ?? '');
  expect(named(spans, 'evaluation')[0]?.attributes).toMatchObject({
    'evalpool.outcome': 'failed',
    'evalpool.error.code': 'TESTS_FAILED',
  });
  expect(spans.filter(({ status }) => status.code === FAILED)).toEqual([]);
  const [other] = await traceOf(receiver, first.ids[0] ?? '');
  expect(spans[0]?.traceId).not.toBe(other?.traceId);
});

test('every line about an attempt names evaluation, attempt, batch and the trace that was sent', async () => {
  const [evaluation = ''] = first.ids;
  const [span] = await traceOf(receiver, evaluation);
  const lines = deployment.linesAbout(evaluation);
  expect(lines.map(({ msg }) => msg)).toEqual(['claimed', ...STAGES.map(() => 'a stage ended'), 'ended']);
  for (const line of lines)
    expect(line).toMatchObject({ attempt: 1, batch: first.batch, trace: span?.traceId, provider: 'delta' });
});

test('exemplars of the metrics name the trace', async () => {
  const { traceId } = (await traceOf(receiver, first.ids[1] ?? ''))[0] ?? {};
  const headers = { accept: 'application/openmetrics-text' };
  const exported = await (await fetch(evaluator.url, { headers })).text();
  expect(exported).toMatch(
    new RegExp(
      `evalpool_evaluations_total.*outcome="failed".* # \\{trace_id="${traceId}",evaluation="${first.ids[1]}"`,
    ),
  );
});

test('an attempt whose sandbox is lost is shown as failed, with the next one behind it', async () => {
  await playFaults(deployment.server, { do: 'vanish', afterMs: 200, where: { attempt: '1' } });
  const { ids } = await deployment.submit('vanishing', [{ test: 'sim 1' }]);
  const spans = await traceOf(receiver, ids[0] ?? '');
  await playFaults(deployment.server);
  const attempts = named(spans, 'attempt');
  expect(attempts).toMatchObject([
    {
      status: { code: FAILED },
      attributes: { 'evalpool.attempt': 1, 'evalpool.reason': 'sandbox_lost', 'error.type': 'SANDBOX_LOST' },
    },
    { status: { code: 0 }, attributes: { 'evalpool.attempt': 2, 'evalpool.reason': 'passed' } },
  ]);
  expect(partsOf(attempts[0], spans)).toEqual(['create', 'test', 'destroy']);
  expect(named(spans, 'test').map(({ status }) => status.code)).toEqual([FAILED, 0]);
  expect(partsOf(named(spans, 'evaluation')[0], spans)).toEqual(['queue', 'attempt', 'queue', 'attempt']);
  expectNested(spans);
  const told = deployment.linesAbout(ids[0] ?? '').find(({ msg }) => msg === 'handed back');
  expect(told).toMatchObject({ attempt: 1, code: 'SANDBOX_LOST', trace: spans[0]?.traceId });
});

test('a job leads from its trace to that of its evaluation, and back', async () => {
  const queue = new Queue(INTAKE_QUEUE, { connection: redis, prefix: PREFIX });
  const [theirs, here] = [
    { traceId: '1'.repeat(32), spanId: '2'.repeat(16) },
    { traceId: '3'.repeat(32), spanId: '4'.repeat(16) },
  ];
  const traceparent = `00-${theirs.traceId}-${theirs.spanId}-01`;
  const telemetry = { metadata: JSON.stringify({ traceparent }) };
  await queue.add('spec', { batch: 'jobs', spec: spec('by-option') }, { telemetry });
  const inData = `00-${here.traceId}-${here.spanId}-01`;
  await queue.add('spec', { batch: 'jobs', spec: spec('in-data'), traceparent: inData });
  await queue.add('spec', { batch: 'jobs', spec: spec('none'), traceparent: 'nonsense' });
  const isRoot = (id: string) => (): string | undefined =>
    receiver.spans().find(({ attributes }) => attributes['evalpool.task.id'] === id)?.traceId;
  for (const [id, producer] of [['by-option', theirs] as const, ['in-data', here] as const]) {
    await expect.poll(isRoot(id), POLL).toBeDefined();
    const ofTrace = (of: string | undefined) => receiver.spans().filter(({ traceId }) => traceId === of);
    const accepted = () => named(ofTrace(isRoot(id)()), 'accept');
    await expect.poll(accepted, POLL).toMatchObject([{ kind: CONSUMER, links: [producer] }]);
    const { traceId, spanId } = named(ofTrace(isRoot(id)()), 'evaluation')[0] ?? {};
    const back = { parentSpanId: producer.spanId, links: [{ traceId, spanId }] };
    await expect.poll(() => ofTrace(producer.traceId), POLL).toMatchObject([back]);
  }
  await expect.poll(isRoot('none'), POLL).toBeDefined();
  expect(named(receiver.spans(), 'accept')).toHaveLength(2);
  await queue.close();
});

test('an attempt whose evaluator is lost is shown as failed by the reaper', async () => {
  const { database } = deployment;
  await deployment.start('reaper', 'reaper', traced);
  const { ids } = await deployment.submit('orphaned', [{ test: 'sim 3' }]);
  const [evaluation = ''] = ids;
  await expect.poll(() => named(receivedOf(receiver, evaluation), 'create'), POLL).toHaveLength(1);
  const lost = await database
    .selectFrom('processes')
    .select(['id', 'pid'])
    .where('kind', '=', 'evaluator')
    .execute();
  for (const { id, pid } of lost) {
    process.kill(pid, 'SIGKILL');
    await endProcess(database, id);
  }
  await deployment.start('evaluator', 'next-evaluator', traced);
  const spans = await traceOf(receiver, evaluation);
  const [lostOne, second] = named(spans, 'attempt');
  expect(lostOne).toMatchObject({
    service: 'evalpool-reaper',
    status: { code: FAILED },
    attributes: { 'evalpool.reason': 'worker_lost', 'error.type': 'WORKER_LOST' },
  });
  expect(partsOf(lostOne, spans)).toContain('create');
  expect(second).toMatchObject({ service: 'evalpool-evaluator', status: { code: 0 } });
});
