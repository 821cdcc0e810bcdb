#!/usr/bin/env node
import { join } from 'node:path';
import { openBlobs } from '../src/blobs/blobs.ts';
import { chosenOf } from '../src/choose-provider.ts';
import type { EvaluatorContext } from '../src/evaluation/evaluator-context.ts';
import { followPrices } from '../src/evaluation/follow-prices.ts';
import { LoneGate } from '../src/evaluation/lone-gate.ts';
import { Measures } from '../src/evaluation/measures.ts';
import { openMirrors } from '../src/evaluation/fetch/mirrors.ts';
import { processEvaluation } from '../src/evaluation/process-evaluation.ts';
import { RunningAttempts, watchUnwanted } from '../src/evaluation/running-attempts.ts';
import { SlotWaiter } from '../src/evaluation/wait-for-slot.ts';
import { watchEvaluator } from '../src/evaluation/watch-evaluator.ts';
import { watchStore } from '../src/evaluation/watch-store.ts';
import { consumeHints } from '../src/queue/consume.ts';
import { openSandboxes } from '../src/sandbox/e2b-sandboxes.ts';
import { startProcess, type ProcessContext } from './start-process.ts';

/** Works off evaluations, as many at once as the provider has slots. Any number may run, on any machine. */
await startProcess({ kind: 'evaluator', uses: (config) => [chosenOf(config)] }, async (context) => {
  const { redisUrl, log } = context;
  const { provider } = context.config;
  const prices = followPrices(context, provider);
  const [drain, stop] = [new AbortController(), new AbortController()];
  const tools = openTools(context);
  const signals = { draining: drain.signal, stopping: stop.signal };
  const whole = { ...context, ...tools, ...signals, prices: prices.now, storeFailed: () => store.failed() };
  const consumer = consumeHints({ redisUrl, provider: provider.name, log }, (hint) =>
    processEvaluation(whole, hint),
  );
  const store = watchStore({ blobs: tools.kept.blobs, queue: consumer, log });
  const handBack = (): void => {
    stop.abort(new Error('this evaluator is stopping'));
    tools.running.endAll(stop.signal.reason);
  };
  context.lease.lost.addEventListener('abort', () => tools.running.endAll(context.lease.lost.reason));
  context.lease.tell(() => tools.running.all);
  const watching = watchUnwanted(tools.running, context);
  return {
    stop: async (now: AbortSignal) => {
      drain.abort(new Error('this evaluator is draining'));
      if (now.aborted) handBack();
      else now.addEventListener('abort', handBack);
      await Promise.all([prices.stop(), consumer.close(), store.stop()]);
      await tools.running.allEnded();
      await watching.stop();
      tools.slots.close();
    },
  };
});

type Tools = Pick<
  EvaluatorContext,
  'provider' | 'sandboxes' | 'slots' | 'running' | 'gate' | 'kept' | 'measures'
>;

function openTools({ config, database, wake, metrics, tracing }: ProcessContext): Tools {
  const { provider } = config;
  const mirrors = join(config.home, 'mirrors');
  const slots = new SlotWaiter(database, wake, metrics, provider.name);
  const running = new RunningAttempts();
  const folders = { blobs: config.blobs, mirrors };
  watchEvaluator(metrics, { provider: provider.name, running, slots, folders });
  return {
    provider,
    sandboxes: openSandboxes(provider),
    slots,
    running,
    gate: new LoneGate(),
    measures: new Measures(metrics, provider, tracing),
    kept: {
      blobs: openBlobs(config.blobs),
      mirrors: openMirrors(mirrors),
      networks: provider.networks,
      // On this machine the network is asked for by name; E2B's sandboxes have the internet unless told otherwise.
      defaultNetwork: provider.name === 'local' ? 'none' : 'nat',
    },
  };
}
