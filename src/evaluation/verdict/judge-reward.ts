import { EvalpoolError } from '../../errors.ts';
import type { Reward } from '../../result.ts';
import type { Spec } from '../../spec.ts';

const MAIN = 'reward';

/** Returns if the reward reaches what the spec expects. Throws TESTS_FAILED or NO_REWARD. */
export function judgeReward(spec: Pick<Spec, 'expect'>, { rewards, problem }: Reward, exit: string): void {
  if (problem !== null) throw failed('NO_REWARD', `${problem}; ${exit}`);
  const { name, atLeast = 1 } = spec.expect?.reward ?? {};
  const deciding = decidingNames(Object.keys(rewards), name);
  const missing = deciding.find((each) => !Object.hasOwn(rewards, each));
  if (missing !== undefined) throw failed('NO_REWARD', `the reward file does not name ${missing}; ${exit}`);
  const low = deciding.find((each) => (rewards[each] ?? Number.NaN) < atLeast);
  if (low === undefined) return;
  const what = low === MAIN ? 'the reward' : `the reward ${low}`;
  throw failed('TESTS_FAILED', `${what} is ${rewards[low]}, and at least ${atLeast} is expected`);
}

// Sorted, since the database does not keep their order: judged again, the same name is told.
function decidingNames(given: readonly string[], asked: string | undefined): readonly string[] {
  if (asked !== undefined) return [asked];
  return given.includes(MAIN) ? [MAIN] : given.toSorted();
}

function failed(code: 'TESTS_FAILED' | 'NO_REWARD', message: string): EvalpoolError {
  return new EvalpoolError(code, message, { stage: 'test' });
}
