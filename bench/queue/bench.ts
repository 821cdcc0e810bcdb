import { parseArgs } from 'node:util';
import { compareSpeed, compareUnderFaults } from './baselines.ts';
import { measureFairness } from './fair.ts';
import { measureMakespan } from './makespan.ts';
import { measureWaiting } from './million.ts';
import { measureManySlots, measureProcesses } from './processes.ts';
import { measureResume } from './resume.ts';
import { measureTracing } from './tracing.ts';

// npm run bench:queue -- [part]... [--evaluations N] …: prints figures of the queue on simulated sandboxes; without a name all of them.
// docs/benchmarks.md says what each part measures.

const OPTIONS = {
  evaluations: { type: 'string', default: '10000' },
  /** Of each contestant. */
  compared: { type: 'string', default: '3000' },
  nightly: { type: 'string', default: '100000' },
  waiting: { type: 'string', default: '1000000' },
  /** About how long each trial of `processes` lasts. */
  'for-s': { type: 'string', default: '20' },
  'many-slots': { type: 'string', default: '1000' },
  resumed: { type: 'string', default: '200000' },
  traced: { type: 'string', default: '3000' },
  /** How long after its end a contestant's sandboxes are counted again. */
  'late-s': { type: 'string', default: '150' },
} as const;

type SizeOf = (name: keyof typeof OPTIONS) => number;

const PARTS: Readonly<Record<string, (sizeOf: SizeOf) => AsyncIterable<string[]>>> = {
  makespan: async function* (sizeOf) {
    yield await measureMakespan({ slots: 100, createsPerS: 50 }, sizeOf('evaluations'), [0.5, 6]);
    yield await measureMakespan({ slots: 20, createsPerS: 10 }, sizeOf('evaluations'), [0.5, 6]);
  },
  baselines: async function* (sizeOf) {
    const limits = { slots: 100, createsPerS: 50 };
    yield await compareSpeed(limits, sizeOf('compared'));
    yield await compareUnderFaults(limits, sizeOf('compared'), sizeOf('late-s'));
  },
  fair: async function* (sizeOf) {
    const limits = { slots: 100, createsPerS: 50 };
    yield await measureFairness(limits, sizeOf('nightly'), { interactive: 1, nightly: 1 });
    yield await measureFairness(limits, sizeOf('nightly'), { interactive: 4, nightly: 1 });
  },
  waiting: async function* (sizeOf) {
    yield await measureWaiting({ slots: 100, createsPerS: 50 }, sizeOf('waiting'));
  },
  processes: async function* (sizeOf) {
    yield await measureProcesses([0.5, 1.5], sizeOf('for-s'));
    yield await measureManySlots(sizeOf('many-slots'), 1);
    yield await measureManySlots(sizeOf('many-slots'), 2);
  },
  resume: async function* (sizeOf) {
    yield await measureResume(sizeOf('resumed'));
  },
  tracing: async function* (sizeOf) {
    yield await measureTracing(sizeOf('traced'));
  },
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const sizeOf: SizeOf = (name) => Number(values[name]);
  for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
    const part = PARTS[name];
    if (!part) throw new Error(`expected one of ${Object.keys(PARTS).join(', ')}, got '${name}'`);
    for await (const lines of part(sizeOf)) console.log(`${lines.join('\n')}\n`);
  }
}

await main();
