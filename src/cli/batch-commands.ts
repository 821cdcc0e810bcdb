import { InvalidArgumentError, type Command } from 'commander';
import type { Config } from '../config.ts';
import { finishBatches, pauseBatch } from '../database/batches.ts';
import { cancelBatch } from '../database/cancel-batch.ts';
import { changeBatch, changeTenant, type BatchChanges } from '../database/change-shares.ts';
import { retryEvaluations } from '../database/retry-evaluations.ts';
import { EvalpoolError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { parseDeadline } from './parse-deadline.ts';
import { wholeNumber } from './read-items.ts';
import { batchNamed, withDatabase, type OpenDatabase } from './use-database.ts';

/** `evalpool pause`, `resume`, `cancel`, `retry`, `change`, `tenant`: batches while they run. */
export function addBatchCommands(program: Command, config: () => Config): void {
  const onBatch = (work: (open: OpenDatabase, batchId: string, name: string) => Promise<string>) => {
    return async (name: string): Promise<void> =>
      withDatabase(config(), async (open) => {
        const said = await work(open, await batchNamed(open.database, name), name);
        open.wake.send('dispatch');
        process.stdout.write(`${said}\n`);
      });
  };
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).argument('<batch>', 'name of the batch');
  add('pause', 'Dispatch nothing more of a batch; what runs, runs on').action(onBatch(pause(true)));
  add('resume', 'Go on with a paused batch').action(onBatch(pause(false)));
  add('cancel', 'Cancel a batch: what waits never runs, what runs is stopped').action(onBatch(cancel));
  addRetry(add('retry', 'Evaluate those of a batch again that ended in a certain way'), onBatch);
  addChange(add('change', 'Change the share, cap, budget or deadline of a batch while it runs'), onBatch);
  addTenant(program, config);
}

type OnBatch = (
  work: (open: OpenDatabase, batchId: string, name: string) => Promise<string>,
) => (name: string) => Promise<void>;

function pause(paused: boolean) {
  return async ({ database }: OpenDatabase, batchId: string, name: string): Promise<string> => {
    await pauseBatch(database, batchId, paused);
    return paused ? `${name} is paused; evalpool resume ${name} goes on` : `${name} goes on`;
  };
}

async function cancel({ database, wake }: OpenDatabase, batchId: string, name: string): Promise<string> {
  if (!(await cancelBatch(database, batchId)))
    throw new EvalpoolError('USAGE', `${name} has finished or was cancelled before`);
  wake.send('cancel');
  await finishBatches(database);
  wake.send(`batch:${batchId}`);
  return `${name} is cancelled`;
}

const RETRIED: ReadonlyArray<[option: string, outcome: Outcome]> = [
  ['infraErrors', 'infra_error'],
  ['failed', 'failed'],
  ['timedOut', 'timed_out'],
  ['invalid', 'invalid'],
  ['cancelled', 'cancelled'],
];

const RETRY_EXAMPLES = `
Examples:
  evalpool retry nightly --infra-errors
  evalpool retry nightly --failed --timed-out
On one machine, evalpool run with the same input and --batch then evaluates them.`;

function addRetry(command: Command, onBatch: OnBatch): void {
  command
    .option('--infra-errors', 'those that failed on our side')
    .option('--failed', 'those that failed')
    .option('--timed-out', 'those that timed out')
    .option('--invalid', 'those whose spec was to blame')
    .option('--cancelled', 'those that were cancelled; the batch is no longer cancelled')
    .addHelpText('after', RETRY_EXAMPLES)
    .action(async (name: string, options: Record<string, true | undefined>) => {
      const outcomes = RETRIED.filter(([option]) => options[option]).map(([, outcome]) => outcome);
      if (outcomes.length === 0)
        throw new EvalpoolError(
          'USAGE',
          'say which: --infra-errors, --failed, --timed-out, --invalid, --cancelled',
        );
      await onBatch(async ({ database }, batchId) => {
        const count = await retryEvaluations(database, batchId, outcomes);
        return `${count} evaluations of ${name} wait again`;
      })(name);
    });
}

function addChange(command: Command, onBatch: OnBatch): void {
  addShareOptions(command)
    .addHelpText('after', '\nExample:\n  evalpool change nightly --weight 0.5 --max-running 50 --max-cost 20')
    .action(async (name: string, options: ShareOptions) =>
      onBatch(async ({ database }, batchId) => {
        await changeBatch(database, batchId, readShares(options));
        return `${name} is changed`;
      })(name),
    );
}

/** The options of a batch's share, cap and budget, as `run` and `change` have them. */
export interface ShareOptions {
  weight?: number;
  maxRunning?: number | 'none';
  maxCost?: number | 'none';
  maxSandboxHours?: number | 'none';
  deadline?: Date | 'none';
}

/** Adds them to a command. */
export function addShareOptions(command: Command): Command {
  return command
    .option('--weight <n>', 'share of the slots against other batches (default: 1)', positive)
    .option('--max-running <n>', 'evaluations at once; none: no cap', orNone(wholeNumber(1)))
    .option(
      '--max-cost <usd>',
      'stop dispatching once it has cost this much; none: no budget',
      orNone(positive),
    )
    .option('--max-sandbox-hours <h>', 'stop dispatching after so many hours of sandboxes', orNone(positive))
    .option(
      '--deadline <when>',
      'when it is to be done (07:00, 8h, 2026-11-25T07:00): an alert tells if it will not be; none: whenever',
      orNone((text) => parseDeadline(text)),
    );
}

/** What they ask for. */
export function readShares(options: ShareOptions): BatchChanges {
  const { weight, maxRunning, maxCost, maxSandboxHours, deadline } = options;
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(maxRunning === undefined ? {} : { maxRunning: orNull(maxRunning) }),
    ...(maxCost === undefined ? {} : { maxCostUsd: orNull(maxCost) }),
    ...(maxSandboxHours === undefined
      ? {}
      : { maxSandboxS: maxSandboxHours === 'none' ? null : maxSandboxHours * 3600 }),
    ...(deadline === undefined ? {} : { deadlineAt: orNull(deadline) }),
  };
}

function addTenant(program: Command, config: () => Config): void {
  program
    .command('tenant')
    .description("Set a tenant's weight and cap")
    .argument('<tenant>', 'name of the tenant')
    .option('--weight <n>', 'share of the slots against other tenants', positive)
    .option('--max-running <n>', 'evaluations at once; none: no cap', orNone(wholeNumber(1)))
    .action(async (name: string, options: Pick<ShareOptions, 'weight' | 'maxRunning'>) =>
      withDatabase(config(), async ({ database, wake }) => {
        await changeTenant(database, name, readShares(options));
        wake.send('dispatch');
        process.stdout.write(`tenant ${name} is set\n`);
      }),
    );
}

/** Parses a number above zero. */
export function positive(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a number above 0, got '${text}'`);
}

/** Parses a value, or the word none. (The parser of options takes null for a value that is missing.) */
export function orNone<T>(parse: (text: string) => T): (text: string) => T | 'none' {
  return (text) => (text === 'none' ? text : parse(text));
}

/** The value as the database has it. */
export function orNull<T>(value: T | 'none'): T | null {
  return value === 'none' ? null : value;
}
