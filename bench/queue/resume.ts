import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { childEnvironment } from '../../src/config.ts';
import { settingsEnvironment } from '../../src/settings-environment.ts';
import type { Database } from '../../src/database/connect.ts';
import type { World } from '../chaos/world.ts';
import { inWorld } from './run-work.ts';

// 1. `evalpool run` of a file, told to stop once all of it is accepted.
// 2. The same again with the first spec changed: until it goes on, has read the whole file again, and has evaluated the changed
//    spec again. What had a result and was not changed must get no further attempt.

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js');
const BATCH = 'resumed';
const LOOK_EVERY_MS = 20;

/** How long `evalpool run` takes until it goes on with a batch of `count` that was interrupted. */
export async function measureResume(count: number): Promise<string[]> {
  const nobody = { evaluators: 0, dispatchers: 0, reapers: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
  chmodSync(folder, 0o711);
  try {
    return await inWorld({ slots: 100, createsPerS: 50, ...nobody }, async (world) => [
      `evalpool run of ${count} specs, from its start:`,
      await interruptOnceAccepted(world, folder, count),
      await goOn(world, folder, count),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function interruptOnceAccepted(world: World, folder: string, count: number): Promise<string> {
  const run = await startRun(world, folder, { count, first: 'sim 2' });
  const acceptedS = await run.until(sql`select 1 from batches where name = ${BATCH} and total = ${count}`);
  await run.until(sql`select 1 from evaluations where task_id = 'task-0' and state = 'finished'`);
  return `  first: all accepted after ${acceptedS} s; ended within ${await run.end()} s of being told to`;
}

async function goOn(world: World, folder: string, count: number): Promise<string> {
  const { database } = world;
  await sql`create table had as select evaluation_id, now() as at from results`.execute(database);
  const run = await startRun(world, folder, { count, first: 'sim 2.5' });
  const on = await run.until(sql`select 1 from attempts where started_at > (select max(at) from had)`);
  const read = await run.until(sql`select 1 from batches where name = ${BATCH} and state = 'sealed'`);
  const changed = await run.until(
    sql`select 1 from evaluations where task_id = 'task-0' and spec->>'test' = 'sim 2.5' and state = 'finished'`,
  );
  await run.end();
  const { rows } = await sql<{ had: number; again: number }>`
    select (select count(*)::int from had) as had, (select count(*)::int from attempts a join had h using (evaluation_id)
      join evaluations e on e.id = a.evaluation_id
      where a.started_at > h.at and e.task_id <> 'task-0') as again`.execute(database);
  const kept = `${rows[0]?.again} of ${rows[0]?.had} that had a result evaluated again without need`;
  return `  again: goes on after ${on} s, whole file read after ${read} s, changed spec evaluated after ${changed} s; ${kept}`;
}

interface Run {
  /** Seconds since its start when the query first has a row. */
  until(query: ReturnType<typeof sql>): Promise<string>;
  /** Tells it to stop; seconds until it has. */
  end(): Promise<string>;
}

async function startRun(world: World, folder: string, batch: { count: number; first: string }): Promise<Run> {
  const file = join(folder, 'batch.jsonl');
  await writeBatch(file, batch);
  const argv = [CLI, 'run', file, '--batch', BATCH, '--out', join(folder, 'results')];
  const settings = { ...settingsEnvironment(world.config), EVALPOOL_HOME: join(folder, 'home') };
  const env = { ...childEnvironment(), ...settings, EVALPOOL_LOG_LEVEL: 'warn' };
  const startedMs = performance.now();
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    until: async (query) => {
      await untilRow(world.database, query, child);
      return since(startedMs);
    },
    end: async () => {
      const toldMs = performance.now();
      const gone = once(child, 'exit');
      child.kill('SIGINT');
      await gone;
      return since(toldMs);
    },
  };
}

async function untilRow(
  database: Database,
  query: ReturnType<typeof sql>,
  child: ChildProcess,
): Promise<void> {
  while ((await query.execute(database)).rows.length === 0) {
    if (child.exitCode !== null) throw new Error(`evalpool run ended with ${child.exitCode}`);
    await delay(LOOK_EVERY_MS);
  }
}

function since(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(2);
}

async function writeBatch(file: string, { count, first }: { count: number; first: string }): Promise<void> {
  const out = createWriteStream(file);
  for (let at = 0; at < count; at++) {
    const spec = { id: `task-${at}`, test: at === 0 ? first : 'sim 3 out 1k' };
    if (!out.write(`${JSON.stringify(spec)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}
