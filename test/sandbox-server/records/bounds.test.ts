import { expect, test } from 'vitest';
import { EventLog } from '../../../src/sandbox-server/records/event-log.ts';
import { Samples } from '../../../src/sandbox-server/records/samples.ts';

const USED = { memoryBytes: 1, cacheBytes: 2, diskBytes: 3, diskTotalBytes: 4 };

test('of the samples of a long life the newest are kept', () => {
  const samples = new Samples(0);
  for (let atMs = 1; atMs <= 10_000; atMs += 1)
    samples.add({ ...USED, cpuMs: 0 }, { cpus: 1, sinceMs: 0, atMs });
  const kept = samples.all.map(({ atMs }) => atMs);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1440, 8561, 10_000]);
});

test('cpu is told as part of all cpus, since the sample before or since it ran again', () => {
  const samples = new Samples(1000);
  samples.add({ ...USED, cpuMs: 500 }, { cpus: 2, sinceMs: 1000, atMs: 2000 });
  samples.add({ ...USED, cpuMs: 2500 }, { cpus: 2, sinceMs: 1000, atMs: 3000 });
  samples.add({ ...USED, cpuMs: 3500 }, { cpus: 2, sinceMs: 9000, atMs: 10_000 });
  // Where processes that ended are no longer counted, less was used than before.
  samples.add({ ...USED, cpuMs: 0 }, { cpus: 2, sinceMs: 9000, atMs: 11_000 });
  expect(samples.all.map(({ cpuUsedPct }) => cpuUsedPct)).toEqual([25, 100, 50, 0]);
});

test('an event log keeps the newest, and cuts long words short', () => {
  const log = new EventLog();
  for (let number = 1; number <= 5000; number += 1) log.add(`event ${number}`);
  log.add('long', { command: 'x'.repeat(100_000) });
  expect(log.all).toHaveLength(500);
  expect(log.all[0]?.message).toBe('event 4502');
  expect(log.all.at(-1)?.fields).toEqual({ command: 'x'.repeat(300) });
});
