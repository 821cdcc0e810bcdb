import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readBatch } from '../../src/database/batches.ts';
import { openWake } from '../../src/queue/wake.ts';
import { seededDice } from './dice.ts';
import { FAULTS } from './faults.ts';
import { runGremlin, type Mischief } from './gremlin.ts';
import { askLedger, checkResults, countHeld, type Findings, type ProvidersWord } from './referee.ts';
import { bound, drawWork, submitWork, type KnownBatch } from './truth.ts';
import { PROVIDER, startWorld, type World } from './world.ts';

// npm run chaos -- [--evaluations N] [--seed N] [--kills N] [--stops N] [--outages N] [--restarts N] [--drain-s N]
//   [--faults on|off] [--slots N] [--creates-per-s N] [--longest-s N]
// 1. Evaluates a batch whose verdicts are known on a simulating server with faults on,
// 2. while a gremlin kills, stops, empties, cuts and fills what it can;
// 3. then the referees speak: the server's own ledger, and a checker over Postgres. Status 1 if a promise was broken.

const OPTIONS = {
  evaluations: { type: 'string', default: '20000' },
  seed: { type: 'string', default: '1' },
  kills: { type: 'string', default: '60' },
  stops: { type: 'string', default: '24' },
  outages: { type: 'string', default: '15' },
  restarts: { type: 'string', default: '0' },
  'drain-s': { type: 'string', default: '0' },
  faults: { type: 'string', default: 'on' },
  slots: { type: 'string', default: '100' },
  'creates-per-s': { type: 'string', default: '50' },
  'longest-s': { type: 'string', default: '6' },
} as const;

const GONE_WITHIN_S = 150;

interface Plan {
  evaluations: number;
  seed: number;
  mischief: Mischief;
  slots: number;
  createsPerS: number;
  longestS: number;
  drainS: number;
  faults: object | null;
}

function readPlan(): Plan {
  const { values } = parseArgs({ options: OPTIONS });
  return {
    evaluations: Number(values.evaluations),
    seed: Number(values.seed),
    mischief: {
      kills: Number(values.kills),
      stops: Number(values.stops),
      outages: Number(values.outages),
      restarts: Number(values.restarts),
    },
    drainS: Number(values['drain-s']),
    faults: values.faults === 'off' ? null : { seed: Number(values.seed), ...FAULTS },
    slots: Number(values.slots),
    createsPerS: Number(values['creates-per-s']),
    longestS: Number(values['longest-s']),
  };
}

async function main(): Promise<number> {
  const plan = readPlan();
  const startedMs = performance.now();
  const say = (text: string): void =>
    console.log(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  const cast = { evaluators: 4, dispatchers: 2, reapers: 2 };
  const world = await startWorld({ ...plan, ...cast, breakable: true });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void world.close().finally(() => process.exit(1)));
  try {
    const dice = seededDice(plan.seed);
    const seconds = [0.5, plan.longestS] as const;
    const work = drawWork(dice, { count: plan.evaluations, seconds, timeouts: true });
    const batch = await submitWork(world.database, work, { name: 'chaos', provider: PROVIDER });
    const boundS = bound(batch, plan);
    say(`${plan.evaluations} evaluations submitted; without any fault at least ${boundS.toFixed(0)} s`);
    const gremlin = runGremlin(world, dice, { mischief: plan.mischief, overS: boundS, say });
    const [done] = await Promise.all([gremlin, untilFinished(world, batch, say)]);
    say('finished; waiting until nothing is left');
    await untilGone(world);
    return judge(await checkResults(world.database, batch), await askLedger(world.server.account), {
      plan,
      done,
      held: await countHeld(world.database),
    });
  } finally {
    await world.close();
  }
}

async function untilFinished(
  { database, redisUrl }: World,
  batch: KnownBatch,
  say: (text: string) => void,
): Promise<void> {
  const wake = openWake(redisUrl);
  wake.send('dispatch');
  wake.close();
  for (let looks = 0; ; looks++) {
    const now = await readBatch(database, batch.id).catch(() => undefined);
    if (now?.state === 'finished') return;
    if (now && looks % 20 === 0) {
      const { passed, failed, timed_out: timedOut, infra_error: infra } = now.counts;
      say(`passed ${passed} · failed ${failed} · timed out ${timedOut} · infra ${infra} of ${now.total}`);
    }
    await delay(1000);
  }
}

async function untilGone(world: World): Promise<void> {
  for (let second = 0; second < GONE_WITHIN_S; second++) {
    const { live } = await askLedger(world.server.account);
    if (live === 0) return;
    await delay(1000);
  }
}

function judge(
  findings: Findings,
  provider: ProvidersWord,
  { plan, done, held }: { plan: Plan; done: Mischief; held: number },
): number {
  const broken = [
    findings.notOne > 0 ? `${findings.notOne} evaluations with other than one result` : '',
    findings.wrong.length > 0 ? `wrong verdicts: ${findings.wrong.slice(0, 10).join('; ')}` : '',
    findings.infraErrors.length > 0 ? `infra errors: ${findings.infraErrors.slice(0, 10).join('; ')}` : '',
    findings.countersAgree ? '' : 'the counters of the batch do not agree with its results',
    provider.live > 0 ? `${provider.live} sandboxes live ${GONE_WITHIN_S} s after the end` : '',
    provider.highest.live > plan.slots ? `${provider.highest.live} sandboxes at once, of ${plan.slots}` : '',
    (provider.creates.refused['concurrency'] ?? 0) > 0
      ? `refused ${provider.creates.refused['concurrency']} times for too many sandboxes`
      : '',
  ].filter(Boolean);
  const extra = ((provider.creates.asked - plan.evaluations) / plan.evaluations) * 1000;
  console.log(
    `done: ${done.kills} kills, ${done.stops} stops, ${done.outages} outages, ${done.restarts} restarts, seed ${plan.seed}`,
  );
  console.log(
    `attempts ${findings.attempts}; creations asked ${provider.creates.asked}, extra per 1,000: ${extra.toFixed(1)}`,
  );
  console.log(
    `refused ${JSON.stringify(provider.creates.refused)}, unanswered ${provider.creates.unanswered}; ends ${JSON.stringify(provider.gone)}`,
  );
  console.log(
    `most at once ${provider.highest.live} of ${plan.slots}; most creations in a second ${provider.mostCreatesInASecond.arrived} arrived, ${provider.mostCreatesInASecond.accepted} accepted, of ${plan.createsPerS}`,
  );
  console.log(`slots still held for creates whose fate is unknown: ${held}`);
  for (const line of broken) console.log(`BROKEN  ${line}`);
  if (broken.length === 0) console.log('every promise was kept');
  return broken.length === 0 ? 0 : 1;
}

process.exitCode = await main();
