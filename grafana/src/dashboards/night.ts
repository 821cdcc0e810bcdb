import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import { choice, type Plan } from '../lay-out.ts';
import { WHAT_IT_COSTS } from './night-cost.ts';
import { WHAT_FAILS } from './night-failures.ts';
import { WILL_IT_FINISH } from './night-finish.ts';

/** Will it finish, what fails, what does it cost: the page for the morning, and for who was just woken. */
export const NIGHT: Plan = {
  name: 'night',
  title: 'evalpool: night at a glance',
  about: 'Will the newest batches finish in time, what fails, and what do they cost.',
  variables: [choice(M.batchInfo, 'batch')],
  rows: [WILL_IT_FINISH, WHAT_FAILS, WHAT_IT_COSTS],
};
