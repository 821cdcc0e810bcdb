#!/usr/bin/env node
import { startDispatching } from '../src/dispatch/dispatch.ts';
import { acceptJob } from '../src/intake/accept-job.ts';
import { consumeIntake } from '../src/queue/consume-intake.ts';
import { openHintQueues } from '../src/queue/enqueue.ts';
import { isChosen } from '../src/choose-provider.ts';
import { startProcess } from './start-process.ts';

/** Feeds every provider's queue in fair order, and accepts what BullMQ producers submit. Any number may run; one leads. */
await startProcess({ kind: 'dispatcher', uses: () => [] }, async (context) => {
  const { config, redisUrl, database, lease, wake, metrics, log } = context;
  const provider = isChosen(config) ? config.provider.name : undefined;
  const queues = openHintQueues(redisUrl);
  const processId = lease.processId;
  const dispatching = startDispatching({ database, queues, wake, metrics, log, processId });
  const accepted = (): void => wake.send('dispatch');
  const intake = consumeIntake(redisUrl, log, (data, parked) =>
    acceptJob({ database, provider, accepted }, data, parked),
  );
  return {
    stop: async () => {
      await Promise.all([dispatching.stop(), intake.close()]);
      await queues.close();
    },
  };
});
