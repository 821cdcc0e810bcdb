import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FaultPlan, readFaults } from '../../../src/sandbox-server/faults/fault-rules.ts';
import { Faults } from '../../../src/sandbox-server/faults/faults.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/faults.json');
const folder = mkdtempSync(join(tmpdir(), 'evalpool-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plan = (seed: number): FaultPlan =>
  FaultPlan.parse({
    seed,
    rules: [
      { do: 'answer', on: 'create', probability: 0.3, status: 503 },
      { do: 'delay', on: ['create', 'start'], probability: 0.3, ms: [10, 1000] },
      { do: 'vanish', probability: 0.02, afterMs: [1000, 60_000] },
    ],
  });

test('the same seed meets the same faults, another seed others', () => {
  expect(creates(new Faults(plan(7)))).toEqual(creates(new Faults(plan(7))));
  expect(creates(new Faults(plan(7)))).not.toEqual(creates(new Faults(plan(8))));
  const again = new Faults(plan(7));
  const first = creates(again);
  again.restart();
  expect(creates(again)).toEqual(first);
});

test('what happens to one kind of request, or in one sandbox, does not depend on the others', () => {
  const [calm, busy] = [new Faults(plan(7)), new Faults(plan(7))];
  const [one, two] = [sandbox(), sandbox()];
  const [three, four] = [sandbox(), sandbox()];
  calm.fateOf(one);
  calm.fateOf(two);
  busy.fateOf(three);
  busy.fateOf(four);
  const alone = times(100, () => calm.meet('start', {}, one));
  const between = times(100, () => {
    busy.meet('create', {}, undefined);
    busy.meet('start', {}, four);
    busy.meet('read', {}, three);
    return busy.meet('start', {}, three);
  });
  expect(between).toEqual(alone);
  expect(times(100, () => calm.meet('start', {}, two))).not.toEqual(alone);
});

test('a share of sandboxes vanishes, each at a time of its own', () => {
  const faults = new Faults(plan(7));
  const vanishing = times(20_000, () => faults.fateOf(sandbox()).vanishMs).filter((ms) => ms !== null);
  expect(vanishing.length / 20_000).toBeCloseTo(0.02, 2);
  const quarters = [0, 0, 0, 0];
  for (const ms of vanishing) quarters[Math.floor(((ms - 1000) / 59_000) * 4)]! += 1;
  expect(quarters.every((count) => Math.abs(count - vanishing.length / 4) < vanishing.length / 10)).toBe(
    true,
  );
});

test('rules do not throw each other’s dice', () => {
  const rule = { do: 'answer', on: 'create', probability: 0.5, status: 503 };
  const faults = new Faults(FaultPlan.parse({ seed: 7, rules: [rule, rule] }));
  const both = times(1000, () => faults.meet('create', {}, undefined).length);
  expect([0, 1, 2].map((hits) => both.filter((count) => count === hits).length / 1000)).toEqual([
    expect.closeTo(0.25, 1),
    expect.closeTo(0.5, 1),
    expect.closeTo(0.25, 1),
  ]);
});

test('the example plays', () => {
  const faults = new Faults(readFaults(EXAMPLE));
  const met = times(1000, () => faults.meet('create', {}, undefined)).flat();
  expect(new Set(met.map(({ rule }) => rule.do))).toEqual(new Set(['delay', 'answer', 'reset']));
  expect(faults.fateOf({ metadata: { kind: 'short' } })).toMatchObject({ expireMs: 30_000 });
});

test.each([
  ['{"rules": [{"do": "explode"}]}', /rules\.0\.do: Invalid .*, got "explode"/],
  [
    '{"rules": [{"do": "reset", "on": "creat"}]}',
    /rules\.0\.on: expected one of, or a list of: create, .*"creat"/,
  ],
  ['{"rules": [{"do": "delay", "on": "create", "ms": [9, 1]}]}', /rules\.0\.ms: expected a number .*\[9,1\]/],
  ['{"rules": [{"do": "vanish"}]}', /rules\.0\.afterMs: .*, got nothing/],
  ['{"rules": [{"do": "cut", "on": "start"}]}', /rules\.0: expected either afterMs or afterBytes/],
  ['{"rules": [{"do": "reset", "on": "any", "probability": 2}]}', /rules\.0\.probability: Too big.*, got 2/],
  ['{"rule": []}', /Unrecognized key: "rule"/],
])('a file that says %s is refused by name and field', (text, said) => {
  const path = join(folder, 'faults.json');
  writeFileSync(path, text);
  expect(() => readFaults(path)).toThrow(said);
  expect(() => readFaults(path)).toThrow(`--faults ${path}: `);
});

function creates(faults: Faults): unknown[] {
  return times(200, () => faults.meet('create', {}, undefined));
}

function sandbox(): { metadata: Record<string, string> } {
  return { metadata: {} };
}

function times<T>(count: number, work: () => T): T[] {
  return Array.from({ length: count }, work);
}
