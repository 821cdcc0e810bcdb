import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Actor } from './cast.ts';
import type { Dice } from './dice.ts';
import type { World } from './world.ts';

/** How often what is done. */
export interface Mischief {
  kills: number;
  stops: number;
  outages: number;
  /** Orderly ends: SIGTERM, as by an orchestrator that brings a new version. */
  restarts: number;
}

/** Longer than every lease: the dispatcher's 5 s, a process's 30 s. */
const STOP_S = [33, 42] as const;
const CUT_S = [0.3, 6] as const;
const FULL_S = [3, 10] as const;
const PIECE_BYTES = 2 ** 20;

type Outage = (world: World, dice: Dice) => Promise<string>;

const OUTAGES: readonly Outage[] = [emptyRedis, killRedis, killPostgres, cutConnections, fillDisk];

/** Does its mischief spread evenly over a time, and says what it did; resolves when all is done and undone. */
export async function runGremlin(
  world: World,
  dice: Dice,
  { mischief, overS, say }: { mischief: Mischief; overS: number; say: (text: string) => void },
): Promise<Mischief> {
  const done: Mischief = { kills: 0, stops: 0, outages: 0, restarts: 0 };
  const acts = shuffle(dice, [
    ...Array.from({ length: mischief.kills }, () => 'kills' as const),
    ...Array.from({ length: mischief.stops }, () => 'stops' as const),
    ...Array.from({ length: mischief.outages }, () => 'outages' as const),
    ...Array.from({ length: mischief.restarts }, () => 'restarts' as const),
  ]);
  const after: Array<Promise<void>> = [];
  let outage = 0;
  for (const act of acts) {
    await delay((overS * 1000) / acts.length);
    if (act === 'kills') say(end(world.actors, dice, { done, act, signal: 'SIGKILL' }));
    if (act === 'restarts') say(end(world.actors, dice, { done, act, signal: 'SIGTERM' }));
    if (act === 'stops') say(stop(world.actors, dice, { done, after }));
    if (act !== 'outages') continue;
    const todo = OUTAGES[outage++ % OUTAGES.length];
    if (!todo) continue;
    done.outages += 1;
    after.push(todo(world, dice).then(say));
  }
  await Promise.all(after);
  return done;
}

function end(
  actors: readonly Actor[],
  dice: Dice,
  { done, act, signal }: { done: Mischief; act: 'kills' | 'restarts'; signal: 'SIGKILL' | 'SIGTERM' },
): string {
  const victim = dice.pick(actors.filter(({ pid }) => pid !== undefined));
  if (!victim) return 'nobody to end';
  done[act] += 1;
  const text = `${signal} to ${victim.kind} ${victim.pid}`;
  victim.signal(signal);
  return text;
}

// At most half of each kind, so that work goes on beside it.
function stop(
  actors: readonly Actor[],
  dice: Dice,
  { done, after }: { done: Mischief; after: Array<Promise<void>> },
): string {
  const awake = actors.filter((actor) => {
    const kind = actors.filter((each) => each.kind === actor.kind);
    return !actor.stopped && kind.filter(({ stopped }) => stopped).length * 2 < kind.length;
  });
  const victim = dice.pick(awake);
  if (!victim) return 'nobody to stop';
  done.stops += 1;
  const seconds = dice.between(...STOP_S);
  victim.signal('SIGSTOP');
  after.push(delay(seconds * 1000).then(() => victim.signal('SIGCONT')));
  return `stop ${victim.kind} ${victim.pid} for ${seconds.toFixed(0)} s`;
}

async function emptyRedis(world: World): Promise<string> {
  const redis = new Redis(world.redisUrl.replace('unix://', ''), { maxRetriesPerRequest: 20 });
  redis.on('error', () => {});
  await redis.flushall().catch(() => undefined);
  redis.disconnect();
  return 'empty redis';
}

async function killRedis(world: World): Promise<string> {
  await emptyRedis(world);
  world.crash.redis();
  return 'empty and kill redis';
}

async function killPostgres(world: World): Promise<string> {
  world.crash.postgres();
  return 'kill postgres';
}

async function cutConnections(world: World, dice: Dice): Promise<string> {
  const seconds = dice.between(...CUT_S);
  await world.proxy.cut();
  await delay(seconds * 1000);
  await world.proxy.mend();
  return `cut every connection to the provider for ${seconds.toFixed(1)} s`;
}

async function fillDisk(world: World, dice: Dice): Promise<string> {
  if (!world.ownDisk) return 'no disk of its own to fill';
  const file = join(world.blobs, 'full');
  const seconds = dice.between(...FULL_S);
  await fill(file);
  await delay(seconds * 1000);
  rmSync(file, { force: true });
  return `fill the disk of logs for ${seconds.toFixed(1)} s`;
}

// Others write beside it, so that nobody knows beforehand how much fits.
async function fill(path: string): Promise<void> {
  const piece = Buffer.alloc(PIECE_BYTES);
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await file.close();
  }
}

function shuffle<T>(dice: Dice, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: dice.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
