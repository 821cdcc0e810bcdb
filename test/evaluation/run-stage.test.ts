import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { stageRunner, type RunStage } from '../../src/evaluation/run-stage.ts';
import { Spec } from '../../src/spec.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const { timeouts } = Spec.parse({ id: 'a', test: 'true' });

/** A runner of stages for a caller that outlives them. */
function openRunner(): { stage: RunStage; callers: AbortController } {
  const callers = new AbortController();
  return { stage: stageRunner({ timeouts, timings: [], signal: callers.signal }), callers };
}

test('nothing of a stage that ended is kept while its caller goes on', async () => {
  const { stage, callers } = openRunner();
  const values: WeakRef<object>[] = [];
  const signals: WeakRef<AbortSignal>[] = [];
  for (let number = 0; number < 50; number++) {
    await stage('test', async ({ signal }) => {
      signals.push(new WeakRef(signal));
      const value = { text: 'x'.repeat(1000) };
      values.push(new WeakRef(value));
      return value;
    });
  }
  expect(getEventListeners(callers.signal, 'abort')).toEqual([]);
  await expect
    .poll(() => {
      collectGarbage();
      return [...values, ...signals].filter((each) => each.deref() !== undefined).length;
    })
    .toBe(0);
});

test('the caller’s abort reaches the stage with its reason', async () => {
  const { stage, callers } = openRunner();
  const reason = new Error('cancelled');
  const ended = stage('test', ({ signal }) => {
    const heard = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    callers.abort(reason);
    return heard;
  });
  await expect(ended).rejects.toBe(reason);
});

test('time that was excused is not the stage’s', async () => {
  const { stage } = openRunner();
  await stage('test', async (time) => {
    time.excuse(20_000);
    expect(time.leftMs()).toBeGreaterThan(timeouts.test * 1000);
  });
});
