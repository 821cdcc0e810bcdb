import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config.ts';
import { useStack } from '../src/local/use-stack.ts';
import { makeLog } from '../src/log.ts';
import { connectDatabase } from '../src/database/connect.ts';
import { measureIntake } from './intake.ts';
import { measureMemory, quantile } from './measure.ts';
import { measureThroughput } from './throughput.ts';

/** Prints the benchmark: trust the ratios, which come from one run; the absolute figures are the machine's. */
const ROUNDS = Number(process.argv[2] ?? 5);
const EVALUATIONS = Number(process.argv[3] ?? 120);
const PROCESSES =
  /((?:dispatcher|evaluator|reaper|keeper|sandbox-server\/main)\.js|bin\/postgres|redis-server)/;

const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
chmodSync(folder, 0o711);
const config = readConfig({ ...process.env, EVALPOOL_HOME: join(folder, 'home') });
const stack = await useStack(config, { log: makeLog('bench', 'warn'), concurrency: 4 });
try {
  print('memory idle, MiB', await measureMemory(PROCESSES));
  const running = setTimeout(
    () => void measureMemory(PROCESSES).then((sizes) => print('memory at 4 running, MiB', sizes)),
    3000,
  );
  const { bare, sdk, evalpool } = await measureThroughput(stack, ROUNDS, EVALUATIONS);
  clearTimeout(running);
  console.log(
    `evaluations/s, 4 at a time, median of ${ROUNDS}: bare bubblewrap ${median(bare)}, SDK script ${median(sdk)}, evalpool ${median(evalpool)}`,
  );
  console.log(`evalpool / bare bubblewrap: ${median(ratios(evalpool, bare))} (budget >= 0.40)`);
  console.log(`evalpool / SDK script: ${median(ratios(evalpool, sdk))} (budget >= 0.75)`);
  const database = connectDatabase(stack.databaseUrl, makeLog('bench', 'warn'));
  const intake = await measureIntake(database, 100_000);
  console.log(
    `intake of ${intake.specs} specs of 1 KB: ${intake.specsPerS} specs/s, ${intake.rssBeforeMb} MB before, ${intake.rssPeakMb} MB at most`,
  );
  await database.destroy();
} finally {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
}

function ratios(of: number[], to: number[]): number[] {
  return of.map((value, index) => value / (to[index] ?? Number.NaN));
}

function median(values: number[]): string {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  ).toFixed(2);
}

function print(title: string, sizes: ReadonlyMap<string, number>): void {
  const parts = [...sizes].map(([name, mib]) => `${name} ${mib.toFixed(0)}`);
  console.log(`${title}: ${parts.join(', ')}`);
}
