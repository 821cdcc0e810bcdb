import { once } from 'node:events';
import type { Config } from '../config.ts';
import { asEvalpoolError, type EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { deferred } from '../deferred.ts';
import { homeAt, makeHome } from './home.ts';
import { checkSame, openLeaseDesk, type LeaseDesk } from './lease-desk.ts';
import { locatePrograms } from './locate-programs.ts';
import { problemOf, settingsMarks } from './messages.ts';
import { endChildren, makeNursery } from './nursery.ts';
import { startStack, type RunningStack } from './start-stack.ts';

/** File descriptor on which the keeper inherits the stack's lock. */
export const LOCK_FD = 9;

/**
 * The keeper's life, under the stack's lock:
 * 1. opens the lease desk, so that runs that come meanwhile wait there;
 * 2. starts the stack and tells every lease where everything is;
 * 3. when the last lease has gone, the stack cannot be kept up, or `signal` says so: shuts the desk, ends all children.
 */
export async function keepStack(config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const home = homeAt(config.home);
  makeHome(home);
  const programs = locatePrograms();
  const nursery = makeNursery(home.logs, LOCK_FD);
  const own = { ...programs, settings: settingsMarks(config) };
  const started = deferred<RunningStack>();
  const failed = deferred<never>();
  const desk = await openLeaseDesk(home.keeperSocket, {
    check: (hello) => checkSame(hello, own),
    serve: async ({ concurrency }) => {
      const stack = await started.promise;
      if (concurrency !== undefined) await stack.limitTo(concurrency);
      return { say: 'ready', facts: stack.facts() };
    },
  });
  const onProgress = (text: string): void => desk.broadcast({ say: 'progress', text });
  const plan = { config, home, programs, nursery, log, onProgress, onGiveUp: failed.reject };
  try {
    const over = Promise.race([desk.empty, onceAborted(signal), failed.promise]);
    started.resolve(startStack(plan));
    await Promise.race([over, started.promise.then(async () => over)]);
  } catch (error) {
    await reportFailure(desk, asEvalpoolError(error, 'STACK_FAILED'), log);
  } finally {
    desk.shut();
    const killed = await endChildren(nursery);
    log.info({ killed }, 'the stack is down');
  }
}

// Whoever started us may not have come yet: it must hear why there will be no stack.
async function reportFailure(desk: LeaseDesk, error: EvalpoolError, log: Log): Promise<void> {
  log.error({ err: error }, 'the stack failed');
  await desk.met;
  desk.broadcast({ say: 'failed', problem: problemOf(error) });
}

async function onceAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
