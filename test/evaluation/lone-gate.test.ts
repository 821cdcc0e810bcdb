import { expect, test } from 'vitest';
import { LoneGate } from '../../src/evaluation/lone-gate.ts';

/** Enters, and tells when it is in. */
function entering(gate: LoneGate, alone: boolean): { isIn: () => boolean; leave: () => Promise<void> } {
  let inside = false;
  const entered = gate.enter(alone).then((leave) => {
    inside = true;
    return leave;
  });
  return { isIn: () => inside, leave: async () => (await entered)() };
}

/** Lets everything settle that can. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('ordinary evaluations run side by side', async () => {
  const gate = new LoneGate();
  const all = [entering(gate, false), entering(gate, false), entering(gate, false)];
  await settled();
  expect(all.map(({ isIn }) => isIn())).toEqual([true, true, true]);
});

test('a lone one waits for those inside, and those after it wait for it', async () => {
  const gate = new LoneGate();
  const [before, lone, after] = [entering(gate, false), entering(gate, true), entering(gate, false)];
  await settled();
  expect([before, lone, after].map(({ isIn }) => isIn())).toEqual([true, false, false]);
  await before.leave();
  await settled();
  expect([lone, after].map(({ isIn }) => isIn())).toEqual([true, false]);
  await lone.leave();
  await settled();
  expect(after.isIn()).toBe(true);
});

test('two lone ones run one after the other', async () => {
  const gate = new LoneGate();
  const [one, two] = [entering(gate, true), entering(gate, true)];
  await settled();
  expect([one.isIn(), two.isIn()]).toEqual([true, false]);
  await one.leave();
  await settled();
  expect(two.isIn()).toBe(true);
});
