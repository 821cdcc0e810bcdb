import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { childEnvironment } from '../../src/config.ts';
import { seededDice } from '../chaos/dice.ts';
import { FAULTS } from '../chaos/faults.ts';
import { askLedger, checkResults } from '../chaos/referee.ts';
import { drawWork, type KnownWork } from '../chaos/truth.ts';
import type { World } from '../chaos/world.ts';
import { inWorld, runWork } from './run-work.ts';
import type { Limits } from './schedule.ts';

// The same work on the same kind of server, each contestant on a fresh one: evalpool, a p-limit script, a BullMQ worker.
// 1. Without faults: the makespans.
// 2. With the faults of the chaos: verdicts that are missing or wrong, and sandboxes left alive.

const SCRIPTS = { 'p-limit script': 'p-limit.js', 'BullMQ worker': 'bullmq-worker.js' } as const;
type Script = keyof typeof SCRIPTS;

/** What it came to. */
interface Run {
  makespanS: number;
  /** Without a verdict. */
  lost: number;
  /** With another verdict than the truth. */
  wrong: number;
  refused: Record<string, number>;
  /** Alive at the server at the contestant's end, and `lateS` later. */
  leaked: number;
  leakedLate: number;
}

/** Compares makespans where nothing goes wrong. */
export async function compareSpeed(limits: Limits, count: number): Promise<string[]> {
  const work = drawWork(seededDice(2), { count, seconds: [1, 6] });
  const ours = await runOurs(limits, work, { faults: null, lateS: 0 });
  const lines = [
    `${count} evaluations of 1 to 6 s at ${limits.slots} slots, ${limits.createsPerS} creations a second, no faults:`,
    runLine('evalpool', ours),
  ];
  for (const script of ['p-limit script', 'BullMQ worker'] as const) {
    const theirs = await runScript(script, limits, work, { faults: null, lateS: 0 });
    const ratio = (ours.makespanS / theirs.makespanS).toFixed(4);
    lines.push(runLine(script, theirs), `  evalpool / ${script}: ${ratio} (budget <= 1.05)`);
  }
  return lines;
}

/** Compares what is lost, wrong and left where the provider fails now and then. */
export async function compareUnderFaults(limits: Limits, count: number, lateS: number): Promise<string[]> {
  const work = drawWork(seededDice(3), { count, seconds: [0.5, 6], timeouts: true });
  const how = { faults: { seed: 3, ...FAULTS }, lateS };
  return [
    `${count} evaluations of 0.5 to 6 s at ${limits.slots} slots, the provider's faults on; left ${lateS} s after the end in brackets:`,
    runLine('evalpool', await runOurs(limits, work, how)),
    runLine('p-limit script', await runScript('p-limit script', limits, work, how)),
    runLine('BullMQ worker', await runScript('BullMQ worker', limits, work, how)),
  ];
}

interface How {
  faults: object | null;
  lateS: number;
}

async function runOurs(limits: Limits, work: KnownWork, how: How): Promise<Run> {
  return inWorld({ ...limits, faults: how.faults }, async (world) => {
    const batch = await runWork(world, work, 'ours');
    const left = await countLeft(world, how.lateS);
    const { notOne, wrong, infraErrors } = await checkResults(world.database, batch);
    return { makespanS: batch.makespanS, lost: notOne + infraErrors.length, wrong: wrong.length, ...left };
  });
}

async function runScript(script: Script, limits: Limits, work: KnownWork, how: How): Promise<Run> {
  const nobody = { evaluators: 0, dispatchers: 0, reapers: 0 };
  return inWorld({ ...limits, ...nobody, faults: how.faults }, async (world) => {
    const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
    try {
      const [tasks, results] = [join(folder, 'tasks.jsonl'), join(folder, 'results.jsonl')];
      writeFileSync(tasks, work.evaluations.map((task) => `${JSON.stringify(task)}\n`).join(''));
      const argv = [join(import.meta.dirname, '..', 'baselines', SCRIPTS[script]), tasks, results];
      const numbers = [String(limits.slots), String(limits.createsPerS)];
      const makespanS = await timeNode([...argv, ...numbers], world, join(folder, 'log'));
      return { makespanS, ...judge(results, work), ...(await countLeft(world, how.lateS)) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

// From its word that it is ready, so without the start of node, to its end.
async function timeNode(argv: string[], { server, redisUrl }: World, logFile: string): Promise<number> {
  const { apiUrl, sandboxUrl, apiKey } = server.account;
  const sdk = { E2B_API_URL: apiUrl, E2B_SANDBOX_URL: sandboxUrl, E2B_API_KEY: apiKey };
  const child = spawn(process.execPath, argv, {
    env: { ...childEnvironment(), ...sdk, REDIS_URL: redisUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pipe(createWriteStream(logFile));
  const startedMs = once(child.stdout, 'data').then(() => performance.now());
  const [code] = await once(child, 'exit');
  const endedMs = performance.now();
  if (code !== 0) console.log(`${argv[0]} ended with ${code}: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
  return (endedMs - (await startedMs)) / 1000;
}

const Line = z.object({ id: z.string(), outcome: z.string() });

function judge(resultsFile: string, { truth }: KnownWork): { lost: number; wrong: number } {
  const text = existsSync(resultsFile) ? readFileSync(resultsFile, 'utf8') : '';
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => Line.parse(JSON.parse(line)));
  const verdicts = lines.filter(({ outcome }) => outcome !== 'error');
  const graded = new Set(verdicts.map(({ id }) => id));
  const wrong = verdicts.filter(({ id, outcome }) => truth.get(id) !== outcome);
  return { lost: truth.size - graded.size, wrong: wrong.length };
}

async function countLeft(
  { server }: World,
  lateS: number,
): Promise<Pick<Run, 'leaked' | 'leakedLate' | 'refused'>> {
  const { live, creates } = await askLedger(server.account);
  await delay(lateS * 1000);
  const late = await askLedger(server.account);
  return { leaked: live, leakedLate: late.live, refused: creates.refused };
}

function runLine(who: string, { makespanS, lost, wrong, leaked, leakedLate, refused }: Run): string {
  const limits = `refused for rate ${refused['rate'] ?? 0}, for concurrency ${refused['concurrency'] ?? 0}`;
  return `  ${who}: ${makespanS.toFixed(2)} s; no verdict ${lost}, wrong ${wrong}, left alive ${leaked} (${leakedLate}); ${limits}`;
}
