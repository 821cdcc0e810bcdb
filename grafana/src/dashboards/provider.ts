import type { Plan } from '../lay-out.ts';
import { HEALTH, SANDBOXES } from './provider-sandboxes.ts';
import { CREATIONS, SLOTS } from './provider-slots.ts';

/** How much of what the accounts give is used, and what they refuse. */
export const PROVIDER: Plan = {
  name: 'provider',
  title: 'evalpool: provider and limits',
  about: 'Slots, creations, refusals, the ledger of sandboxes and the health of each provider.',
  rows: [SLOTS, CREATIONS, SANDBOXES, HEALTH],
};
