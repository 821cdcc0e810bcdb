import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { connectDatabase, deploymentId, migrate, type Database } from '../database/connect.ts';
import { endProcess, registerProcess } from '../database/processes.ts';
import { asEvalpoolError } from '../errors.ts';
import type { Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { createdNothing } from '../sandbox/blame.ts';
import { openSandboxes } from '../sandbox/e2b-sandboxes.ts';
import type { Sandbox, Sandboxes } from '../sandbox/sandbox.ts';
import { accountOf } from './use-database.ts';
import {
  condemn,
  giveBack,
  LIFE_S,
  markAlive,
  secondsToNextCreate,
  takeSlot,
  type Slot,
} from '../slots/slots.ts';

/** What one sandbox took, ms, and what it printed. */
export interface Trial {
  createMs: number;
  runMs: number;
  destroyMs: number;
  output: string;
}

/** Sandboxes that are tried, not evaluated in. */
export interface Trials {
  /** Creates one, runs a command in it, keeps it for `holdMs` and destroys it. Null: there is no slot for it just now. */
  tryOne(command: string, holdMs?: number): Promise<Trial | null>;
  /** When the provider allows the next creation, seconds from now. */
  nextInS(): Promise<number>;
  /** What could not be destroyed is the reaper's from here on. */
  close(): Promise<void>;
}

const RUN_DEADLINE_MS = 30_000;

/** Tries sandboxes of the stack's provider; each takes a slot like every other. */
export async function openTrials(stack: Stack, config: Config, log: Log): Promise<Trials> {
  const provider = stack.provider.name;
  const database = connectDatabase(stack.databaseUrl, log);
  await migrate(database);
  const processId = await registerProcess(database, 'trial');
  const deployment = await deploymentId(database);
  const context = { database, deployment, sandboxes: openSandboxes(accountOf(stack, config)) };
  return {
    tryOne: async (command, holdMs = 0) => {
      const slot = await takeSlot(database, { provider, evaluationId: '0', attempt: 0, processId });
      return slot ? measure(context, slot, { command, holdMs }) : null;
    },
    nextInS: async () => secondsToNextCreate(database, provider),
    close: async () => {
      await endProcess(database, processId);
      await database.destroy();
    },
  };
}

interface TrialContext {
  database: Database;
  deployment: string;
  sandboxes: Sandboxes;
}

async function measure(
  context: TrialContext,
  slot: Slot,
  { command, holdMs }: { command: string; holdMs: number },
): Promise<Trial> {
  const [sandbox, createMs] = await timed(() => create(context, slot));
  const { database } = context;
  let trial: Omit<Trial, 'destroyMs'>;
  try {
    await markAlive(database, slot.ledgerId, sandbox.id);
    const [output, runMs] = await timed(() => runOnce(sandbox, command));
    trial = { createMs, runMs, output };
    await delay(holdMs);
  } catch (error) {
    await end(context, slot, sandbox);
    throw error;
  }
  return { ...trial, destroyMs: await end(context, slot, sandbox) };
}

async function create({ database, deployment, sandboxes }: TrialContext, slot: Slot): Promise<Sandbox> {
  const metadata = { deployment, nonce: slot.nonce, evaluation: '0', attempt: '0' };
  const request = { template: undefined, network: undefined, lifeMs: LIFE_S * 1000, metadata };
  try {
    return await sandboxes.create(request);
  } catch (error) {
    if (createdNothing(asEvalpoolError(error))) await giveBack(database, slot.ledgerId);
    throw error;
  }
}

async function end({ database, sandboxes }: TrialContext, slot: Slot, sandbox: Sandbox): Promise<number> {
  await condemn(database, slot.ledgerId);
  const [, ms] = await timed(() => sandboxes.destroy(sandbox.id));
  await giveBack(database, slot.ledgerId);
  return ms;
}

async function runOnce(sandbox: Sandbox, command: string): Promise<string> {
  let output = '';
  await sandbox.run({
    command,
    onOutput: (chunk) => (output += chunk),
    deadlineMs: RUN_DEADLINE_MS,
  });
  return output;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const value = await work();
  return [value, performance.now() - start];
}
