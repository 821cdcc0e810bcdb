import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Sandbox } from '@e2b/code-interpreter';
import pLimit from 'p-limit';
import { startServer, type Account } from './start.ts';
import { cgroupNames, livingProcesses, sizeOf, takeStock } from './stock.ts';

const AT_ONCE = 4;
const WARM_UP = 200;
/** How often memory is looked at: a leak grows with each part, a heap that is only used does not. */
const PARTS = 5;
/** Creates under way when the server is killed, and the longest wait before that, ms. */
const SPAWNS = 6;
const LONGEST_WAIT_MS = 60;

/** Creates and destroys so many sandboxes, one command each, and says how the server grew. */
export async function soak(home: string, cycles: number): Promise<string[]> {
  const before = cgroupNames();
  const server = await startServer(home);
  await cycle(server.account, WARM_UP);
  const [small, stockBefore] = [sizeOf(server.pid), takeStock(home, before)];
  const memory = [small.pssMiB];
  for (let part = 0; part < PARTS; part++) {
    await cycle(server.account, cycles / PARTS);
    memory.push(sizeOf(server.pid).pssMiB);
  }
  const [big, stockAfter] = [sizeOf(server.pid), takeStock(home, before)];
  await server.close();
  return [
    `${cycles} create/run/destroy cycles, after ${WARM_UP} to warm up:`,
    `  fds ${small.fds} -> ${big.fds}, memory ${memory.join(' -> ')} MiB`,
    `  ${JSON.stringify(stockBefore)} -> ${JSON.stringify(stockAfter)}`,
    `  after the server's end: ${JSON.stringify(takeStock(home, before))}`,
  ];
}

async function cycle(account: Account, cycles: number): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const one = async (): Promise<void> => {
    const sandbox = await Sandbox.create('base', { ...account, allowInternetAccess: false });
    await sandbox.commands.run('true');
    await sandbox.kill();
  };
  await Promise.all(Array.from({ length: cycles }, () => limit(one)));
}

/** Kills the server with -9 in the middle of spawns, again and again, and counts what is left. */
export async function killAgainAndAgain(home: string, kills: number): Promise<string[]> {
  const before = cgroupNames();
  let survivors = 0;
  for (let round = 0; round < kills; round++) {
    const server = await startServer(home);
    const spawns = Array.from({ length: SPAWNS }, () => spawnOne(server.account));
    await delay(((round * 37) % LONGEST_WAIT_MS) + 1);
    const gone = once(server.process, 'exit');
    server.process.kill('SIGKILL');
    await gone;
    await Promise.all(spawns);
    survivors += await countSurvivors();
  }
  const left = takeStock(home, before);
  await (await startServer(home)).close();
  return [
    `${kills} kills with -9 in the middle of ${SPAWNS} spawns each: ${survivors} processes outlived their server`,
    `  left before the next start: ${JSON.stringify(left)}`,
    `  left after the next start and end: ${JSON.stringify(takeStock(home, before))}`,
  ];
}

async function spawnOne(account: Account): Promise<void> {
  try {
    const sandbox = await Sandbox.create('base', { ...account, allowInternetAccess: false });
    await sandbox.commands.run('sleep 1000');
  } catch {
    // That its server dies is the point.
  }
}

// They end a moment after the server: what is still there after two seconds stays.
async function countSurvivors(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    if (livingProcesses().length === 0) return 0;
    await delay(20);
  }
  return livingProcesses().length;
}
