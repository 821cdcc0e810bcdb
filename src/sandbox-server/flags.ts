import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { WALLS, type WallName } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import type { BoxLimits } from './box.ts';
import { NO_FAULTS, readFaults, type FaultPlan } from './faults/fault-rules.ts';
import { NO_TIER, readTier, type Tier } from './limits/tier.ts';

/** How the sandbox server is started. */
export interface Flags {
  /** Port 0: any free one. */
  port: number;
  host: string;
  /** Where the sandboxes' files lie; undefined: `sandboxes` in EVALPOOL_HOME. */
  home: string | undefined;
  /** undefined: EVALPOOL_WALL's, else bubblewrap. */
  wall: WallName | undefined;
  tier: Tier;
  /** Paused sandboxes at once. */
  maxPaused: number;
  faults: FaultPlan;
  limits: BoxLimits;
  /** Control groups: wherever they may be written, or not at all. */
  cgroups: 'auto' | 'none';
  /** No walls and no processes, only the protocol. */
  simulate: boolean;
  json: boolean;
}

const OPTIONS = {
  port: { type: 'string', default: '0' },
  host: { type: 'string', default: '127.0.0.1' },
  home: { type: 'string' },
  wall: { type: 'string' },
  tier: { type: 'string' },
  faults: { type: 'string' },
  seed: { type: 'string' },
  'max-sandboxes': { type: 'string' },
  'max-paused': { type: 'string', default: '100' },
  'memory-mb': { type: 'string', default: '1024' },
  cpus: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  'disk-mb': { type: 'string', default: '1024' },
  processes: { type: 'string', default: '256' },
  cgroups: { type: 'string', default: 'auto' },
  simulate: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Reads the command line. Throws USAGE that names the flag, what was expected and what was there. */
export function readFlags(argv: readonly string[]): Flags {
  const { values } = parse(argv);
  return {
    port: number('port', values.port, { least: 0, most: 65_535 }),
    host: values.host,
    home: values.home,
    wall: values.wall === undefined ? undefined : wallOf(values.wall),
    tier: tierOf(values.tier, values['max-sandboxes']),
    maxPaused: number('max-paused', values['max-paused'], { least: 0 }),
    faults: faultsOf(values.faults, values.seed),
    limits: {
      memoryMb: number('memory-mb', values['memory-mb'], { least: 16 }),
      cpus: number('cpus', values.cpus, { least: 0.1, fractional: true }),
      processes: number('processes', values.processes, { least: 8 }),
      diskMb: number('disk-mb', values['disk-mb'], { least: 1 }),
    },
    cgroups: choiceOfCgroups(values.cgroups),
    simulate: values.simulate,
    json: values.json,
  };
}

function choiceOfCgroups(text: string): 'auto' | 'none' {
  if (text === 'auto' || text === 'none') return text;
  throw new EvalpoolError('USAGE', `--cgroups: expected auto or none, got '${text}'`);
}

function wallOf(named: string): WallName {
  const wall = WALLS.find((each) => each === named);
  if (wall) return wall;
  throw new EvalpoolError('USAGE', `--wall: expected ${WALLS.join(' or ')}, got '${named}'`);
}

function tierOf(named: string | undefined, max: string | undefined): Tier {
  const tier = named === undefined ? NO_TIER : readTier(named);
  if (max === undefined) return tier;
  const name = named === undefined ? '--max-sandboxes' : `${tier.name}, --max-sandboxes`;
  return { ...tier, name, maxSandboxes: number('max-sandboxes', max, { least: 1 }) };
}

// A seed that nobody chose is told at start, so that the run can be repeated.
function faultsOf(file: string | undefined, seed: string | undefined): FaultPlan {
  const { rules, seed: own = randomInt(2 ** 32) } = file === undefined ? NO_FAULTS : readFaults(file);
  return {
    rules,
    seed: seed === undefined ? own : number('seed', seed, { least: 0, most: 2 ** 32 - 1 }),
  };
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>> {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS });
  } catch (error) {
    throw new EvalpoolError('USAGE', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function number(
  flag: string,
  text: string,
  allowed: { least: number; most?: number; fractional?: true },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const { least, most = 1e9, fractional } = allowed;
  if (value >= least && value <= most && (fractional || Number.isInteger(value))) return value;
  const kind = fractional ? 'a number' : 'a whole number';
  throw new EvalpoolError('USAGE', `--${flag}: expected ${kind} from ${least} to ${most}, got '${text}'`);
}
