import { expect, test } from 'vitest';
import { RunningAttempts } from '../../src/evaluation/running-attempts.ts';

const untilAborted = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  return signal.reason;
};

test('all attempts end together, and one that begins afterwards ends at once', async () => {
  const running = new RunningAttempts();
  const why = new Error('over');
  const begin = (evaluationId: string): Promise<unknown> =>
    running.during({ evaluationId, attempt: 1 }, untilAborted);
  const before = [begin('1'), begin('2')];
  running.endAll(why);
  expect(await Promise.all([...before, begin('3')])).toEqual([why, why, why]);
  await running.allEnded();
  expect(running.all).toEqual([]);
});

test('only the attempt that is named ends', async () => {
  const running = new RunningAttempts();
  const one = running.during({ evaluationId: '1', attempt: 1 }, untilAborted);
  const next = running.during({ evaluationId: '1', attempt: 2 }, untilAborted);
  running.end({ evaluationId: '1', attempt: 1, why: 'overtaken' });
  expect(await one).toMatchObject({ code: 'WORKER_LOST' });
  expect(running.all).toMatchObject([{ evaluationId: '1', attempt: 2 }]);
  running.end({ evaluationId: '1', attempt: 2, why: 'cancelled' });
  expect(await next).toMatchObject({ code: 'CANCELLED' });
});
