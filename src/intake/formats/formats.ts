import { EvalpoolError } from '../../errors.ts';
import { readBigcode } from './python/bigcode.ts';
import { readEvalPlus } from './python/eval-plus.ts';
import type { FormatInput, ReadFormat } from './format-input.ts';
import { readHarbor } from './instances/harbor.ts';
import { readHumanEval } from './python/human-eval.ts';
import { readLiveCodeBench } from './python/live-code-bench.ts';
import { readMultiSweBench } from './instances/multi-swe-bench.ts';
import { readPiston } from './requests/piston.ts';
import { readR2eGym } from './instances/r2e-gym.ts';
import { readSandboxFusion } from './requests/sandbox-fusion.ts';
import { readSweBench } from './instances/swe-bench.ts';
import { readSweBenchPro } from './instances/swe-bench-pro.ts';
import { readSweSmith } from './instances/swe-smith.ts';

/** The options that only some formats take; the user writes `--test-cmd` for testCmd. */
export const FORMAT_OPTIONS = [
  'problems',
  'instances',
  'predictions',
  'templates',
  'testCmd',
  'logParser',
] as const;
type FormatOption = (typeof FORMAT_OPTIONS)[number];

/** A format of the field, as help, errors and docs/formats.md tell it. */
export interface Format {
  title: string;
  /** What the argument of the command is; undefined: there is none. */
  argument?: string;
  needs: readonly FormatOption[];
  /** Options that it takes but does not need. */
  may?: readonly FormatOption[];
  /** The argument or option that holds submissions, instead of which there may be `--gold`; undefined: there is no gold. */
  goldInsteadOf?: 'argument' | 'predictions';
  read: ReadFormat;
}

const JOINED = { needs: ['instances', 'templates'], may: ['predictions', 'testCmd', 'logParser'] } as const;

/** Every format besides specs. */
export const FORMATS = {
  humaneval: {
    title: "OpenAI's HumanEval problems, and samples or the problems' own solutions",
    argument: 'samples.jsonl',
    needs: ['problems'],
    goldInsteadOf: 'argument',
    read: readHumanEval,
  },
  evalplus: {
    title: "EvalPlus problems (HumanEval+, MBPP+), and samples, a folder of solutions or the problems' own",
    argument: 'samples.jsonl',
    needs: ['problems'],
    goldInsteadOf: 'argument',
    read: readEvalPlus,
  },
  bigcode: {
    title: "bigcode-evaluation-harness' generations.json for the problems of HumanEval or EvalPlus",
    argument: 'generations.json',
    needs: ['problems'],
    read: readBigcode,
  },
  livecodebench: {
    title: 'LiveCodeBench questions, and answers in its custom output format',
    argument: 'answers.json',
    needs: ['problems'],
    read: readLiveCodeBench,
  },
  swebench: {
    title: 'SWE-bench instances, and predictions or gold patches',
    ...JOINED,
    goldInsteadOf: 'predictions',
    read: readSweBench,
  },
  'swebench-pro': {
    title: 'SWE-bench Pro instances, and predictions or gold patches',
    ...JOINED,
    goldInsteadOf: 'predictions',
    read: readSweBenchPro,
  },
  'swe-smith': {
    title: 'SWE-smith instances, whose patch puts the bug in, and predictions; gold takes it out again',
    ...JOINED,
    goldInsteadOf: 'predictions',
    read: readSweSmith,
  },
  'r2e-gym': {
    title: 'R2E-Gym rows and predictions',
    needs: ['instances', 'templates', 'predictions'],
    may: ['testCmd', 'logParser'],
    read: readR2eGym,
  },
  'multi-swe-bench': {
    title: 'Multi-SWE-bench instances, and predictions or gold patches',
    ...JOINED,
    goldInsteadOf: 'predictions',
    read: readMultiSweBench,
  },
  harbor: {
    title: 'a Harbor task directory, or a folder of them, and patches or their own solutions',
    argument: 'DIR',
    needs: ['templates'],
    may: ['predictions'],
    goldInsteadOf: 'predictions',
    read: readHarbor,
  },
  sandboxfusion: {
    title: "bodies of SandboxFusion's run_code: each a program, passed if it ends with 0",
    argument: 'requests.jsonl',
    needs: [],
    may: ['templates'],
    read: readSandboxFusion,
  },
  piston: {
    title: "bodies of Piston's execute: each a program, passed if it ends with 0",
    argument: 'requests.jsonl',
    needs: [],
    may: ['templates'],
    read: readPiston,
  },
} satisfies Record<string, Format>;

/** Their names. */
export type FormatName = keyof typeof FORMATS;

/** Their names. */
export const FORMAT_NAMES = Object.keys(FORMATS).filter((name): name is FormatName => name in FORMATS);

/** How a format is asked for, after `--format`. */
export function usageOf(name: FormatName): string {
  const { argument, needs, may = [], goldInsteadOf }: Format = FORMATS[name];
  const parts = [name, ...needs.map(option)];
  const optional = may.filter((one) => one !== 'predictions').map((one) => `[${option(one)}]`);
  if (goldInsteadOf === 'predictions') parts.push(`(${option('predictions')} | --gold)`);
  else if (may.includes('predictions')) parts.push(option('predictions'));
  parts.push(...optional);
  if (argument !== undefined) parts.push(goldInsteadOf === 'argument' ? `(${argument} | --gold)` : argument);
  return parts.join(' ');
}

/** Throws USAGE for options that a format lacks, or does not know. */
export function refuseUnfit(name: FormatName, from: FormatInput): void {
  const { argument, needs, may = [], goldInsteadOf }: Format = FORMATS[name];
  const refuse = (why: string): never => {
    throw new EvalpoolError('USAGE', `--format ${name} ${why}: evalpool run --format ${usageOf(name)}`);
  };
  if (from.gold && goldInsteadOf === undefined) refuse('has no --gold');
  for (const one of needs) if (from[one] === undefined) refuse(`needs --${kebab(one)}`);
  for (const one of FORMAT_OPTIONS)
    if (from[one] !== undefined && !needs.includes(one) && !may.includes(one))
      refuse(`takes no --${kebab(one)}`);
  if (argument === undefined && from.input !== undefined) refuse('takes no file without an option');
  if (from.input === '-') refuse('reads files only, not standard input');
  const submissions = goldInsteadOf === 'argument' ? from.input : from.predictions;
  if (goldInsteadOf !== undefined && from.gold === (submissions !== undefined))
    refuse('needs either submissions or --gold');
  if (argument !== undefined && goldInsteadOf !== 'argument' && from.input === undefined)
    refuse(`needs ${argument}`);
}

function option(name: FormatOption): string {
  const value = { testCmd: 'COMMAND', logParser: 'NAME' }[name as string] ?? 'FILE';
  return `--${kebab(name)} ${value}`;
}

/** True if a format takes an option. */
export function takes(name: FormatName, one: FormatOption | 'gold'): boolean {
  const { needs, may = [], goldInsteadOf }: Format = FORMATS[name];
  return one === 'gold' ? goldInsteadOf !== undefined : needs.includes(one) || may.includes(one);
}

/** An option's name as the command line has it. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
