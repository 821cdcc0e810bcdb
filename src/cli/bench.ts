import Table from 'cli-table3';
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { asEvalpoolError } from '../errors.ts';
import { useStack } from '../local/use-stack.ts';
import { cliLog } from './cli-log.ts';
import { positive } from './batch-commands.ts';
import { describeProvider, requireKey } from './describe-provider.ts';
import { wholeNumber } from './read-items.ts';
import { openTrials, type Trial, type Trials } from './try-sandbox.ts';

interface BenchOptions {
  provider?: string;
  count: number;
  concurrency?: number;
  hold: number;
  json?: true;
}

const EXAMPLES = `
Examples:
  evalpool bench create                                        20 sandboxes of this machine
  evalpool bench create --provider e2b --count 100 --hold 10   of an account, each kept for 10 s

Every sandbox takes a slot of the account, so that its limits hold whatever else runs.`;

/** No slot is free just now: looks again after this, ms. */
const LOOK_AGAIN_MS = 50;

/** `evalpool bench create`: how long sandboxes of a provider really take, under load. */
export function addBenchCommand(program: Command, config: (provider?: string) => Config): void {
  program
    .command('bench')
    .description('Measure a provider')
    .command('create')
    .description('How long creating, the first command and destroying take while others live')
    .option('--provider <name>', 'where sandboxes come from (default: EVALPOOL_PROVIDER, else local)')
    .option('--count <n>', 'sandboxes to create', wholeNumber(1), 20)
    .option('--concurrency <n>', "at once, at most the tier's (default: all of it)", wholeNumber(1))
    .option('--hold <seconds>', 'how long each is kept, at most 60', positive, 1)
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: BenchOptions) => measureCreates(config(options.provider), options));
}

/** One figure of a run, ms. */
interface Line {
  what: string;
  p50: number;
  p90: number;
  p99: number;
  highest: number;
}

async function measureCreates(config: Config, options: BenchOptions): Promise<void> {
  requireKey(config);
  const log = cliLog(config);
  const stack = await useStack(config, { log, concurrency: options.concurrency });
  try {
    const { maxSandboxes } = stack.provider;
    if (!options.json) process.stderr.write(`${describeProvider(stack)}\n`);
    const trials = await openTrials(stack, config, log);
    try {
      const atOnce = Math.min(options.concurrency ?? maxSandboxes, maxSandboxes, options.count);
      report(await tryMany(trials, { ...options, atOnce }), options);
    } finally {
      await trials.close();
    }
  } finally {
    await stack.leave();
  }
}

interface Tried {
  atOnce: number;
  seconds: number;
  trials: Trial[];
  /** Error code → how often. */
  failed: Record<string, number>;
}

async function tryMany(
  trials: Trials,
  { count, hold, atOnce }: BenchOptions & { atOnce: number },
): Promise<Tried> {
  const tried: Tried = { atOnce, seconds: 0, trials: [], failed: {} };
  const startedMs = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      try {
        tried.trials.push(await tryWhenFree(trials, Math.min(hold, 60) * 1000));
      } catch (error) {
        const { code } = asEvalpoolError(error);
        tried.failed[code] = (tried.failed[code] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  tried.seconds = (performance.now() - startedMs) / 1000;
  return tried;
}

async function tryWhenFree(trials: Trials, holdMs: number): Promise<Trial> {
  for (;;) {
    const trial = await trials.tryOne('true', holdMs);
    if (trial) return trial;
    await delay(Math.max((await trials.nextInS()) * 1000, LOOK_AGAIN_MS));
  }
}

function report({ atOnce, seconds, trials, failed }: Tried, { json }: BenchOptions): void {
  const lines: Line[] = [
    lineOf(
      'create',
      trials.map(({ createMs }) => createMs),
    ),
    lineOf(
      'first command',
      trials.map(({ runMs }) => runMs),
    ),
    lineOf(
      'destroy',
      trials.map(({ destroyMs }) => destroyMs),
    ),
  ];
  const perS = trials.length / seconds;
  if (json) {
    const told = { atOnce, tried: trials.length, failed, perS, ms: lines };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  const table = new Table({ head: ['ms', 'p50', 'p90', 'p99', 'highest'], style: { head: [], border: [] } });
  for (const { what, ...figures } of lines)
    table.push([what, ...Object.values(figures).map((ms: number) => ms.toFixed(0))]);
  const failures = Object.entries(failed)
    .map(([code, times]) => `, ${code} ${times} times`)
    .join('');
  process.stdout.write(`${table.toString()}\n${trials.length} sandboxes, ${atOnce} at once, `);
  process.stdout.write(`${perS.toFixed(2)} a second${failures}\n`);
}

function lineOf(what: string, ms: readonly number[]): Line {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { what, p50: at(0.5), p90: at(0.9), p99: at(0.99), highest: at(1) };
}
