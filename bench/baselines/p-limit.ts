import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandExitError, Sandbox, TimeoutError } from '@e2b/code-interpreter';
import pLimit from 'p-limit';

// What a capable engineer writes in an hour, to compare with: p-limit at the slot count, creates spaced by a timer, try/catch,
// one line of JSON a result. node p-limit.js TASKS.jsonl RESULTS.jsonl SLOTS CREATES_PER_S, with E2B's own variables set.

interface Task {
  id: string;
  test: string;
  timeLimitS: number | null;
}

const [tasksFile = '', resultsFile = '', slots = '20', createsPerS = '5'] = process.argv.slice(2);
const tasks: Task[] = readFileSync(tasksFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
console.log('ready'); // whoever measures starts the clock
const spacingMs = 1100 / Number(createsPerS);
let nextCreateMs = 0;

async function waitForTurn(): Promise<void> {
  const nowMs = performance.now();
  const turnMs = Math.max(nowMs, nextCreateMs);
  nextCreateMs = turnMs + spacingMs;
  await delay(turnMs - nowMs);
}

async function evaluate({ id, test, timeLimitS }: Task): Promise<void> {
  let sandbox: Sandbox | undefined;
  try {
    await waitForTurn();
    sandbox = await Sandbox.create({ allowInternetAccess: false });
    await sandbox.commands.run(test, { timeoutMs: (timeLimitS ?? 600) * 1000 });
    save({ id, outcome: 'passed' });
  } catch (error) {
    if (error instanceof CommandExitError) save({ id, outcome: 'failed', exitCode: error.exitCode });
    else if (error instanceof TimeoutError) save({ id, outcome: 'timed_out' });
    else save({ id, outcome: 'error', message: String(error) });
  } finally {
    await sandbox?.kill().catch((error: unknown) => console.error(`${id}: not killed: ${String(error)}`));
  }
}

function save(result: object): void {
  appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
}

const limit = pLimit(Number(slots));
await Promise.all(tasks.map((task) => limit(() => evaluate(task))));
