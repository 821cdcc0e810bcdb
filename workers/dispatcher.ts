#!/usr/bin/env node
import { startDispatching } from '../src/dispatch/dispatch.ts';
import { exportFigures } from '../src/dispatch/export-figures.ts';
import { acceptJob } from '../src/intake/accept-job.ts';
import { consumeIntake } from '../src/queue/consume-intake.ts';
import { openHintQueues } from '../src/queue/enqueue.ts';
import { openQueueReader } from '../src/queue/read-queues.ts';
import { isChosen } from '../src/choose-provider.ts';
import { startProcess } from './start-process.ts';

/** Feeds every provider's queue in fair order, and accepts what BullMQ producers submit. Any number may run; one leads. */
await startProcess({ kind: 'dispatcher', uses: () => [] }, async (context) => {
  const { config, redisUrl, database, lease, wake, metrics, tracing, log } = context;
  const provider = isChosen(config) ? config.provider.name : undefined;
  const queues = openHintQueues(redisUrl);
  const processId = lease.processId;
  const dispatching = startDispatching({ database, queues, wake, metrics, tracing, log, processId });
  const reader = openQueueReader(redisUrl);
  exportFigures({ database, queues: reader, metrics, log, leads: () => dispatching.leads() });
  const accepted = (): void => wake.send('dispatch');
  const onJob = (outcome: string): void => metrics.intakeJobs.inc({ outcome });
  const intake = consumeIntake({ redisUrl, log, onJob }, (job, parked) =>
    acceptJob({ database, provider, tracing, accepted }, job, parked),
  );
  return {
    stop: async () => {
      await Promise.all([dispatching.stop(), intake.close()]);
      await Promise.all([queues.close(), reader.close()]);
    },
  };
});
