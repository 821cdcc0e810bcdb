import { expect, test } from 'vitest';
import { boundedLabel } from '../../src/metrics/bounded-label.ts';
import { mergeMetrics } from '../../src/metrics/merge-metrics.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';

const OPEN = 'application/openmetrics-text; version=1.0.0';

test('counters of a provider begin at 0, so that rates see the first event', async () => {
  const { body } = await makeMetrics(['p']).text();
  expect(body).toContain('evalpool_evaluations_total{provider="p",outcome="passed",error="none"} 0');
  expect(body).toContain('evalpool_evaluations_total{provider="p",outcome="failed",error="TESTS_FAILED"} 0');
  expect(body).toContain('evalpool_retries_total{provider="p",cause="sandbox_lost"} 0');
  expect(body).toContain('evalpool_creations_total{provider="p",outcome="refused"} 0');
});

test('who accepts OpenMetrics gets exemplars, who does not the plain format, each with the right names', async () => {
  const metrics = makeMetrics([]);
  const labels = { provider: 'p', outcome: 'passed', error: 'none' };
  const exemplarLabels: Record<string, string> = { evaluation: '7' };
  metrics.evaluations.inc({ labels, value: 1, exemplarLabels });
  const series = 'evalpool_evaluations_total{provider="p",outcome="passed",error="none"} 1';
  for (const round of [1, 2]) {
    const open = await metrics.text(OPEN);
    expect(open.type, `round ${round}`).toContain('openmetrics');
    expect(open.body).toContain(`${series} # {evaluation="7"} 1 `);
    expect(open.body).toMatch(/^# TYPE evalpool_evaluations counter$/m);
    expect(open.body).toMatch(/# EOF\n$/);
    const plain = await metrics.text('text/plain');
    expect(plain.type).toContain('text/plain');
    expect(plain.body).toContain(`${series}\n`);
    expect(plain.body).toMatch(/^# TYPE evalpool_evaluations_total counter$/m);
  }
  const [open, plain] = await Promise.all([metrics.text(OPEN), metrics.text()]);
  expect(open.body).toMatch(/^# TYPE evalpool_evaluations counter$/m);
  expect(plain.body).toMatch(/^# TYPE evalpool_evaluations_total counter$/m);
});

test("the leader's figures are exported only once they are set, and no more once they are forgotten", async () => {
  const metrics = makeMetrics([]);
  const names = async (): Promise<string[]> =>
    [
      ...(await metrics.text()).body.matchAll(/^(evalpool_(?:slots_held|database_size_bytes|leading))\b/gm),
    ].map(([, name]) => name ?? '');
  expect(await names()).toEqual(['evalpool_leading']);
  metrics.slotsHeld.set({ provider: 'p' }, 3);
  metrics.databaseSize.set(1e6);
  expect(await names()).toEqual(['evalpool_slots_held', 'evalpool_database_size_bytes', 'evalpool_leading']);
  metrics.forget('leader');
  expect(await names()).toEqual(['evalpool_leading']);
});

test('what is looked up at a scrape is in it; what fails to be looked up costs nothing else', async () => {
  const metrics = makeMetrics([]);
  metrics.beforeScrape(() => {
    throw new Error('no');
  });
  metrics.beforeScrape(async () => {
    await Promise.resolve();
    metrics.redisSeconds.set(0.25);
  });
  expect((await metrics.text()).body).toContain('evalpool_redis_ping_seconds 0.25');
});

test('processes add up, except for what does not add up', async () => {
  const [one, two] = [makeMetrics(['p']), makeMetrics(['p'])];
  one.attempts.inc({ provider: 'p' }, 2);
  two.attempts.inc({ provider: 'p' }, 3);
  one.queueWaitSeconds.observe({ provider: 'p' }, 0.02);
  two.queueWaitSeconds.observe({ provider: 'p' }, 0.02);
  one.diskFree.set({ folder: 'blobs' }, 10);
  two.diskFree.set({ folder: 'blobs' }, 10);
  await one.text(OPEN);
  const { body } = await mergeMetrics([await one.json(), await two.json()]).text();
  expect(body).toContain('evalpool_attempts_total{provider="p"} 5');
  expect(body).toContain('evalpool_queue_wait_seconds_bucket{le="0.025",provider="p"} 2');
  expect(body).toContain('evalpool_queue_wait_seconds_sum{provider="p"} 0.04');
  expect(body).toContain('evalpool_disk_free_bytes{folder="blobs"} 10');
});

test('a bounded label names the first few and calls the rest other', () => {
  const name = boundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(name)).toEqual(['a', 'b', 'other', 'a', 'other']);
});
