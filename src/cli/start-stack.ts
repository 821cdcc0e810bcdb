import type { Config } from '../config.ts';
import { useStack, type Stack } from '../local/use-stack.ts';
import type { Progress } from '../reports/progress.ts';
import { cliLog } from './cli-log.ts';
import { describeProvider, requireKey } from './describe-provider.ts';

/** Starts or joins the stack on which a command evaluates, and says where sandboxes come from. Throws what `useStack` does. */
export async function startStack(
  config: Config,
  { concurrency }: { concurrency?: number },
  progress: Progress,
): Promise<Stack> {
  requireKey(config);
  const stack = await useStack(config, {
    log: cliLog(config),
    concurrency,
    onProgress: (text) => progress.say(text),
  });
  progress.say(describeProvider(stack));
  return stack;
}
