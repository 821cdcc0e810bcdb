import type { Plan } from '../lay-out.ts';
import { WHAT_IT_TAKES, WHAT_RUNS } from './workers-processes.ts';
import { DISPATCHER, QUEUES } from './workers-queues.ts';
import { POSTGRES, REDIS } from './workers-stores.ts';

/** What evalpool itself stands on: its queues, its dispatcher, Postgres, Redis and its processes. */
export const WORKERS: Plan = {
  name: 'workers',
  title: 'evalpool: workers and queue',
  about: 'The queues of BullMQ, the dispatcher, Postgres, Redis, and the processes with their disks.',
  rows: [QUEUES, DISPATCHER, POSTGRES, REDIS, WHAT_RUNS, WHAT_IT_TAKES],
};
