import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sandbox } from '@e2b/code-interpreter';
import pLimit from 'p-limit';
import { acceptSpecs } from '../src/database/accept-specs.ts';
import { openBatch, readBatch, sealBatch } from '../src/database/batches.ts';
import { connectDatabase, type Database } from '../src/database/connect.ts';
import type { Stack } from '../src/local/use-stack.ts';
import { makeLog } from '../src/log.ts';
import type { Outcome } from '../src/outcome.ts';
import { Bell } from '../src/pacing.ts';
import { openWake, type Wake } from '../src/queue/wake.ts';

/** One evaluation of HumanEval's size: a function of ten lines and its checks, in a fresh Python. */
const PROGRAM = `
from typing import List

def has_close_elements(numbers: List[float], threshold: float) -> bool:
    for index, one in enumerate(numbers):
        for other_index, other in enumerate(numbers):
            if index != other_index and abs(one - other) < threshold:
                return True
    return False

assert has_close_elements([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3) is True
assert has_close_elements([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05) is False
`;
const AT_ONCE = 4;

/** Evaluations per second of each contestant, one figure a round. */
export interface Throughput {
  bare: number[];
  sdk: number[];
  evalpool: number[];
}

/** Lets the three contestants do the same evaluations in turn, so that the machine's moods meet all of them. */
export async function measureThroughput(
  stack: Stack,
  rounds: number,
  evaluations: number,
): Promise<Throughput> {
  const database = connectDatabase(stack.databaseUrl, makeLog('bench', 'warn'));
  const wake = openWake(stack.redisUrl);
  const measured: Throughput = { bare: [], sdk: [], evalpool: [] };
  try {
    await runEvalpool(database, wake, stack.provider.name, 20);
    for (let round = 0; round < rounds; round++) {
      measured.bare.push(await perSecond(evaluations, () => runBare(evaluations)));
      measured.sdk.push(await perSecond(evaluations, () => runSdk(stack, evaluations)));
      measured.evalpool.push(
        await perSecond(evaluations, () => runEvalpool(database, wake, stack.provider.name, evaluations)),
      );
    }
  } finally {
    wake.close();
    await database.destroy();
  }
  return measured;
}

async function perSecond(evaluations: number, work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return evaluations / ((performance.now() - startedMs) / 1000);
}

/** bubblewrap and nothing else: no server, no queue, no result kept. */
async function runBare(evaluations: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'evalpool-bench-'));
  const program = join(folder, 'main.py');
  await writeFile(program, PROGRAM);
  const roots = ['/bin', '/lib', '/lib64', '/sbin'].flatMap((path) => ['--symlink', `usr${path}`, path]);
  const walls = [
    '--unshare-all',
    '--ro-bind',
    '/usr',
    '/usr',
    ...roots,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
  ];
  const argv = [...walls, '--ro-bind', program, '/main.py', 'python3', '/main.py'];
  await times(
    evaluations,
    () =>
      new Promise<void>((resolve, reject) => {
        const child = spawn('bwrap', argv, { stdio: 'ignore' });
        child.once('error', reject);
        child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`bwrap: exit ${code}`))));
      }),
  );
  await rm(folder, { recursive: true });
}

/** What a user would write by hand with the SDK and p-limit, on the same server. */
async function runSdk(stack: Stack, evaluations: number): Promise<void> {
  const { apiUrl, sandboxUrl, apiKey } = stack.provider;
  if (!apiUrl || !sandboxUrl || !apiKey) throw new Error('the benchmark needs the local provider');
  await times(evaluations, async () => {
    const sandbox = await Sandbox.create('base', { apiUrl, sandboxUrl, apiKey, allowInternetAccess: false });
    try {
      await sandbox.files.write('/home/user/repo/main.py', PROGRAM);
      await sandbox.commands.run('cd /home/user/repo && python3 main.py');
    } finally {
      await sandbox.kill();
    }
  });
}

/** The whole path: accepted, dispatched, queued, evaluated, stored. */
async function runEvalpool(
  database: Database,
  wake: Wake,
  provider: string,
  evaluations: number,
): Promise<void> {
  const batch = await openBatch(database, `bench-${randomUUID()}`, provider);
  const specs = Array.from({ length: evaluations }, (_, index) => ({
    spec: { id: `bench/${index}`, files: { 'main.py': PROGRAM }, test: 'python3 main.py' },
    contentHash: String(index),
    source: null,
  }));
  await acceptSpecs(database, batch.id, randomUUID(), specs);
  await sealBatch(database, batch.id);
  wake.send('dispatch');
  const counts = await untilFinished(database, wake, batch.id);
  if (counts.passed !== evaluations) throw new Error(`not all passed: ${JSON.stringify(counts)}`);
}

async function untilFinished(
  database: Database,
  wake: Wake,
  batchId: string,
): Promise<Record<Outcome, number>> {
  const bell = new Bell();
  const unsubscribe = wake.on(`batch:${batchId}`, () => bell.ring());
  try {
    for (;;) {
      const batch = await readBatch(database, batchId);
      if (batch?.state === 'finished') return batch.counts;
      await bell.wait(1000);
    }
  } finally {
    unsubscribe();
  }
}

async function times(count: number, work: () => Promise<void>): Promise<void> {
  const limit = pLimit(AT_ONCE);
  await Promise.all(Array.from({ length: count }, () => limit(work)));
}
