import { appendFileSync, readFileSync } from 'node:fs';
import { CommandExitError, Sandbox, TimeoutError } from '@e2b/code-interpreter';
import { Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';

// A BullMQ worker as its manual suggests, to compare with: concurrency at the slot count, BullMQ's limiter for the rate, three
// attempts with growing back-off, one line of JSON a result.
// node bullmq-worker.js TASKS.jsonl RESULTS.jsonl SLOTS CREATES_PER_S, with REDIS_URL and E2B's own variables set.

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
const connection = new Redis((process.env['REDIS_URL'] ?? '').replace('unix://', ''), {
  maxRetriesPerRequest: null,
});

interface Result {
  id: string;
  outcome: 'passed' | 'failed' | 'timed_out' | 'error';
  detail?: string | number;
}

// An error of ours is thrown on, so that BullMQ tries again; a verdict is returned.
async function evaluate({ data: { id, test, timeLimitS } }: Job<Task>): Promise<Result> {
  const sandbox = await Sandbox.create({ allowInternetAccess: false });
  try {
    await sandbox.commands.run(test, { timeoutMs: (timeLimitS ?? 600) * 1000 });
    return { id, outcome: 'passed' };
  } catch (error) {
    if (error instanceof CommandExitError) return { id, outcome: 'failed', detail: error.exitCode };
    if (error instanceof TimeoutError) return { id, outcome: 'timed_out' };
    throw error;
  } finally {
    await sandbox.kill();
  }
}

function save(result: Result): void {
  appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
}

console.log('ready'); // whoever measures starts the clock
const queue = new Queue<Task>('baseline', { connection });
const options = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
  removeOnComplete: true,
};
await queue.addBulk(tasks.map((task) => ({ name: 'evaluate', data: task, opts: options })));

const worker = new Worker<Task, Result>('baseline', evaluate, {
  connection,
  concurrency: Number(slots),
  limiter: { max: Number(createsPerS), duration: 1000 },
});

let left = tasks.length;
await new Promise<void>((resolve) => {
  const settle = (result: Result): void => {
    save(result);
    left -= 1;
    if (left === 0) resolve();
  };
  worker.on('completed', (_job, result) => settle(result));
  worker.on('failed', (job, error) => {
    console.error(`${job?.data.id}, attempt ${job?.attemptsMade}: ${error.message}`);
    if (job && job.attemptsMade >= options.attempts)
      settle({ id: job.data.id, outcome: 'error', detail: error.message });
  });
});
await worker.close();
await queue.close();
connection.disconnect();
