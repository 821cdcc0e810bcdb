import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { noOutcomes } from '../../src/outcome.ts';
import { duration, openProgress, progressLine, type Standing } from '../../src/reports/progress.ts';

function standing(passed: number, more: Partial<Standing> = {}): Standing {
  return { counts: { ...noOutcomes(), passed }, unreadable: 0, total: 100, running: 4, open: false, ...more };
}

function collect(isTTY: boolean): { stream: PassThrough & { isTTY: boolean }; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk));
  return { stream, text: () => text };
}

test('the line tells counts, how far, running, rate and time to go', () => {
  expect(progressLine(standing(40, { unreadable: 2 }), 0.5)).toBe(
    'passed 40 · failed 0 · timed out 0 · invalid 2 · infra 0 — 42 of 102, 4 running, 0.5/s, ETA 2m 0s',
  );
  expect(progressLine(standing(40, { open: true }), null)).toMatch(/— 40 of 100\+, 4 running$/);
});

test('off a terminal a plain line is written every ten seconds, without escape codes', () => {
  const { stream, text } = collect(false);
  let now = 0;
  const progress = openProgress(stream, () => now);
  for (let n = 0; n <= 40; n += 1) {
    now = n * 1000;
    progress.show(standing(n));
  }
  progress.end();
  const lines = text().trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toContain('20 of 100, 4 running, 1.0/s, ETA 1m 20s');
  expect(text()).not.toContain('\u001b');
});

test('on a terminal the live line gives way to lines that stay, and is gone at the end', () => {
  const { stream, text } = collect(true);
  const progress = openProgress(stream, () => 0);
  progress.show(standing(1));
  progress.say('a line that stays');
  progress.end();
  expect(text()).toContain('1 of 100');
  expect(text()).toMatch(/a line that stays\n$/);
});

test('a resumed batch is not counted as speed', () => {
  const { stream, text } = collect(false);
  let now = 0;
  const progress = openProgress(stream, () => now);
  progress.show(standing(90));
  now = 10_000;
  progress.show(standing(91));
  expect(text()).toContain('0.1/s');
});

test('durations read as people say them', () => {
  expect([0, 59.4, 61, 3600, 7322].map(duration)).toEqual(['0s', '59s', '1m 1s', '1h 0m', '2h 2m']);
});
