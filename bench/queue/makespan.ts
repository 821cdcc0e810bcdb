import { seededDice } from '../chaos/dice.ts';
import { askLedger } from '../chaos/referee.ts';
import { bound, drawWork, type KnownWork } from '../chaos/truth.ts';
import type { World } from '../chaos/world.ts';
import { readOurs, readServers } from './ledgers.ts';
import { ownTimeLines } from './own-time.ts';
import { inWorld, processesOf, runWork, type DoneBatch } from './run-work.ts';
import { scheduleS, type Limits } from './schedule.ts';
import { slotUse, slotUseLine } from './slot-use.ts';
import { inWords, readCpu, readMemory } from './usage.ts';

/** Runs `count` evaluations of `seconds` on a fresh world and says how near it came to what no system could beat. */
export async function measureMakespan(
  limits: Limits,
  count: number,
  seconds: readonly [number, number],
): Promise<string[]> {
  const work = drawWork(seededDice(1), { count, seconds });
  return inWorld(limits, async (world) => {
    const before = await readCpu(processesOf(world));
    const batch = await runWork(world, work, 'makespan');
    const after = await readCpu(processesOf(world));
    const cpuMs = new Map(
      [...after].map(([name, cpuS]) => [name, ((cpuS - (before.get(name) ?? 0)) / count) * 1000]),
    );
    return [
      `${count} evaluations of ${seconds.join(' to ')} s at ${limits.slots} slots, ${limits.createsPerS} creations a second:`,
      makespanLine(work, limits, batch.makespanS),
      ...(await detailLines(world, limits, batch)),
      `cpu per evaluation, ms: ${inWords(cpuMs, 2)}`,
      `memory at the end, MiB: ${inWords(await readMemory(processesOf(world)), 0)}`,
    ];
  });
}

/** A makespan against what no system could beat, and against a system that costs no time and spaces its creates as we do. */
export function makespanLine(work: KnownWork, limits: Limits, makespanS: number): string {
  const against = (what: string, bestS: number): string =>
    `${what} ${bestS.toFixed(2)} s, ratio ${(makespanS / bestS).toFixed(4)}`;
  const best = against('bound', bound(work, limits));
  const same = against('a system without any cost', scheduleS(work, limits));
  return `makespan ${makespanS.toFixed(2)} s; ${best} (budget <= 1.02); ${same}`;
}

async function detailLines({ database, server }: World, limits: Limits, batch: DoneBatch): Promise<string[]> {
  const { highest, mostCreatesInASecond: most, creates } = await askLedger(server.account);
  return [
    `at the server: most sandboxes at once ${highest.live} of ${limits.slots}, most creations in a second ${most.arrived} of ${limits.createsPerS}, refused ${JSON.stringify(creates.refused)}`,
    slotUseLine('our ledger', slotUse(await readOurs(database), limits.slots)),
    slotUseLine("the server's ledger", slotUse(await readServers(server.account), limits.slots)),
    ...(await ownTimeLines(database, batch.id)),
  ];
}
