#!/usr/bin/env node
import { join } from 'node:path';
import { openBlobs } from '../src/blobs/blobs.ts';
import { openMirrors } from '../src/evaluation/mirrors.ts';
import { processEvaluation } from '../src/evaluation/process-evaluation.ts';
import { openSlotWaiter } from '../src/evaluation/wait-for-slot.ts';
import { repeat } from '../src/pacing.ts';
import { consumeHints } from '../src/queue/consume.ts';
import { openSandboxes } from '../src/sandbox/e2b-sandboxes.ts';
import { readProvider, tierOf } from '../src/slots/tiers.ts';
import { startProcess } from './start-process.ts';

const ADOPT_LIMIT_MS = 1000;

/** Works off evaluations, as many at once as the provider has slots. Any number may run, on any machine. */
await startProcess('evaluator', async (context) => {
  const { config, redisUrl, database, wake, metrics, log } = context;
  const { provider } = config;
  const stop = new AbortController();
  const slots = openSlotWaiter(database, wake, metrics, provider.name);
  const networks = provider.networks;
  const kept = {
    blobs: openBlobs(config.blobs),
    mirrors: openMirrors(join(config.home, 'mirrors')),
    networks,
    // On this machine the network is asked for by name; E2B's sandboxes have the internet unless told otherwise.
    defaultNetwork: provider.name === 'local' ? ('none' as const) : ('nat' as const),
  };
  const sandboxes = openSandboxes(provider);
  let tier = (await readProvider(database, provider.name)) ?? tierOf(provider);
  const prices = (): typeof tier => tier;
  const whole = { ...context, provider, sandboxes, slots, kept, prices, stopping: stop.signal };
  const options = { redisUrl, provider: provider.name, concurrency: tier.maxSandboxes, log };
  const consumer = consumeHints(options, (hint) => processEvaluation(whole, hint));
  const adopting = repeat(
    async () => {
      tier = (await readProvider(database, provider.name)) ?? tier;
      consumer.setConcurrency(tier.maxSandboxes);
    },
    { ms: ADOPT_LIMIT_MS },
    (error) => log.warn({ err: error }, 'the limits of the provider could not be read'),
  );
  return {
    stop: async () => {
      stop.abort(new Error('this evaluator is stopping'));
      await Promise.all([adopting.stop(), consumer.close()]);
      slots.close();
    },
  };
});
