import type { Config } from '../config.ts';
import { connectDatabase, deploymentId, migrate, type Database } from '../database/connect.ts';
import { endProcess, registerProcess } from '../database/processes.ts';
import type { Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { openSandboxes } from '../sandbox/e2b-sandboxes.ts';
import type { Sandbox, Sandboxes } from '../sandbox/sandbox.ts';
import { accountOf } from './use-database.ts';
import { condemn, giveBack, LIFE_S, markAlive, takeSlot, type Slot } from '../slots/slots.ts';

/** What one sandbox took, ms, and what it printed. Null: every slot is taken just now. */
export type Trial = { createMs: number; runMs: number; destroyMs: number; output: string } | null;

const RUN_DEADLINE_MS = 30_000;

/** Creates a sandbox on the stack, runs one command in it and destroys it; it takes a slot like every other. */
export async function trySandbox(stack: Stack, config: Config, log: Log): Promise<Trial> {
  const { name } = stack.provider;
  const database = connectDatabase(stack.databaseUrl, log, 1);
  try {
    await migrate(database);
    const processId = await registerProcess(database, 'doctor');
    try {
      const slot = await takeSlot(database, { provider: name, evaluationId: '0', attempt: 0, processId });
      return slot ? await measure(database, openSandboxes(accountOf(stack, config)), slot) : null;
    } finally {
      // What could not be destroyed is the reaper's from here on.
      await endProcess(database, processId);
    }
  } finally {
    await database.destroy();
  }
}

async function measure(database: Database, sandboxes: Sandboxes, slot: Slot): Promise<Trial> {
  const metadata = {
    deployment: await deploymentId(database),
    nonce: slot.nonce,
    evaluation: '0',
    attempt: '0',
  };
  const request = { template: undefined, network: undefined, lifeMs: LIFE_S * 1000, metadata };
  const [sandbox, createMs] = await timed(() => sandboxes.create(request));
  await markAlive(database, slot.ledgerId, sandbox.id);
  try {
    const [output, runMs] = await timed(() => runOnce(sandbox));
    const destroyMs = await end(database, sandboxes, { slot, sandbox });
    return { createMs, runMs, destroyMs, output };
  } catch (error) {
    await end(database, sandboxes, { slot, sandbox });
    throw error;
  }
}

async function end(
  database: Database,
  sandboxes: Sandboxes,
  { slot, sandbox }: { slot: Slot; sandbox: Sandbox },
): Promise<number> {
  await condemn(database, slot.ledgerId);
  const [, ms] = await timed(() => sandboxes.destroy(sandbox.id));
  await giveBack(database, slot.ledgerId);
  return ms;
}

async function runOnce(sandbox: Sandbox): Promise<string> {
  let output = '';
  await sandbox.run({
    command: 'uname -sm; git --version; node --version; python3 --version',
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
