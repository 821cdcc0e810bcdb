import { seededDice } from '../chaos/dice.ts';
import { drawWork } from '../chaos/truth.ts';
import { readServers } from './ledgers.ts';
import { inWorld, processesOf, runWork } from './run-work.ts';
import { slotUse, slotUseLine } from './slot-use.ts';
import { inWords, readCpu } from './usage.ts';

const SLOTS = [16, 32, 64, 128, 256, 512];
/** More slots that bring less than this more evaluations are too many for one process. */
const STILL_RISING = 1.1;
/** Creations are not to be the limit. */
const CREATES_PER_S = 2000;
/** So that 1,000 slots of `LONG_S` are filled within half a minute, and stay full. */
const LONG_CREATES_PER_S = 50;
const LONG_S = [20, 60] as const;

/** Throughput of one evaluator process with more and more slots until it stops rising, then of 2 and 4 with as many. */
export async function measureProcesses(seconds: readonly [number, number], forS: number): Promise<string[]> {
  const lines = [`evaluations of ${seconds.join(' to ')} s, creations not limited:`];
  let [best, most] = [0, SLOTS[0] ?? 0];
  for (const slots of SLOTS) {
    const { perS, line } = await run({ evaluators: 1, slots, seconds, forS });
    lines.push(line);
    most = slots;
    if (perS < best * STILL_RISING) break;
    best = perS;
  }
  for (const evaluators of [2, 4]) lines.push((await run({ evaluators, slots: most, seconds, forS })).line);
  return lines;
}

interface Trial {
  evaluators: number;
  slots: number;
  seconds: readonly [number, number];
  /** About how long the work lasts if nothing is in its way. */
  forS: number;
}

async function run({ evaluators, slots, seconds, forS }: Trial): Promise<{ perS: number; line: string }> {
  const idealPerS = slots / ((seconds[0] + seconds[1]) / 2);
  const work = drawWork(seededDice(5), { count: Math.ceil(idealPerS * forS), seconds });
  return inWorld({ slots, createsPerS: CREATES_PER_S, evaluators }, async (world) => {
    const before = await readCpu(processesOf(world));
    const { makespanS } = await runWork(world, work, 'processes');
    const after = await readCpu(processesOf(world));
    const perS = work.evaluations.length / makespanS;
    const cores = new Map([...after].map(([name, s]) => [name, (s - (before.get(name) ?? 0)) / makespanS]));
    const { share } = slotUse(await readServers(world.server.account), slots);
    const line = `  ${evaluators} evaluators, ${slots} slots: ${perS.toFixed(1)} a second of ${idealPerS.toFixed(1)}, slots ${(share * 100).toFixed(1)} % used; cores: ${inWords(cores, 2)}`;
    return { perS, line };
  });
}

/** A thousand slots, or as many as told, with evaluations long enough to fill them. */
export async function measureManySlots(slots: number, evaluators: number): Promise<string[]> {
  const work = drawWork(seededDice(6), { count: slots * 3, seconds: LONG_S });
  return inWorld({ slots, createsPerS: LONG_CREATES_PER_S, evaluators }, async (world) => {
    const { makespanS } = await runWork(world, work, 'many-slots');
    return [
      `${work.evaluations.length} evaluations of ${LONG_S.join(' to ')} s at ${slots} slots, ${LONG_CREATES_PER_S} creations a second, ${evaluators} evaluators: ${makespanS.toFixed(1)} s`,
      slotUseLine("the server's ledger", slotUse(await readServers(world.server.account), slots)),
    ];
  });
}
