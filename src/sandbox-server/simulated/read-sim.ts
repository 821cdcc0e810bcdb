import { posix } from 'node:path';
import { makeJunit, makeTap, type TestCounts } from './made-reports.ts';
import { readWords } from './read-words.ts';

/** What a simulated command leaves when its time is over. Paths are absolute. */
export type Product =
  | { kind: 'file'; path: string; text: string }
  | { kind: 'printed'; to: 'stdout' | 'stderr'; text: string }
  | { kind: 'listing'; root: string; most: number; globs: string[] };

/** One simulated command. */
export interface Sim {
  ms: number;
  outBytes: number;
  errBytes: number;
  /** Lasts, above its time, until its standard input is closed, and prints what comes by it. */
  echoes: boolean;
  /** The script goes on beside it. */
  background: boolean;
  products: Product[];
  /** Prints the mark that stands around a script's output. */
  isMark: boolean;
  /** Null: it ended well, and the script goes on. */
  end: { code: number } | { signal: string } | null;
}

/** A `sim` line that cannot be understood, or a program that is not there; `code`: the exit status. */
export class SimMistake extends Error {
  override readonly name = 'SimMistake';
  readonly code: number;

  constructor(message: string, code = 2) {
    super(message);
    this.code = code;
  }
}

/** Beyond these a line is a mistake: a timer holds no longer, and nobody waits for more output. */
const MOST_SECONDS = 1_000_000;
const MOST_BYTES = 1024 ** 3;
const MOST_TESTS = 100_000;
const SIGNALS = ['ABRT', 'BUS', 'FPE', 'HUP', 'ILL', 'INT', 'KILL', 'PIPE', 'QUIT', 'SEGV', 'TERM'];
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const NOTHING: Sim = {
  ms: 0,
  outBytes: 0,
  errBytes: 0,
  echoes: false,
  background: false,
  products: [],
  isMark: false,
  end: null,
};

/** A command that does nothing but end its script so. */
export function ending(code: number): Sim {
  return { ...NOTHING, end: { code } };
}

/** A command that says why it cannot be, and fails. */
export function failing(code: number, why: string): Sim {
  return { ...ending(code), products: [{ kind: 'printed', to: 'stderr', text: `sim: ${why}\n` }] };
}

/** What stands for a mark that the shell of a real sandbox makes up. */
const MARK = `\nevalpool-${'0'.repeat(32)}\n`;

interface Reading {
  sim: Sim;
  words: string[];
  cwd: string;
  tests: TestCounts;
  /** Products that need all counts. */
  later: Array<() => Product>;
}

const WORDS: Readonly<Record<string, (reading: Reading) => void>> = {
  exit: ({ sim, words }) => (sim.end = endWith(number(words, 255))),
  signal: ({ sim, words }) => (sim.end = { signal: signal(words) }),
  out: ({ sim, words }) => (sim.outBytes = size(words)),
  err: ({ sim, words }) => (sim.errBytes = size(words)),
  stdin: ({ sim }) => (sim.echoes = true),
  pass: ({ tests, words }) => (tests.pass = number(words, MOST_TESTS)),
  fail: ({ tests, words }) => (tests.fail = number(words, MOST_TESTS)),
  skip: ({ tests, words }) => (tests.skip = number(words, MOST_TESTS)),
  write: ({ later, words, cwd }) => {
    const [path, text] = [pathOf(words, cwd), `${next(words)}\n`];
    later.push(() => ({ kind: 'file', path, text }));
  },
  junit: ({ later, words, cwd, tests }) => {
    const path = pathOf(words, cwd);
    later.push(() => ({ kind: 'file', path, text: makeJunit(tests) }));
  },
  tap: ({ later, tests }) => later.push(() => ({ kind: 'printed', to: 'stdout', text: makeTap(tests) })),
  mark: ({ sim, later }) => {
    sim.isMark = true;
    later.push(() => ({ kind: 'printed', to: 'stdout', text: MARK }));
  },
  files: ({ later, words, cwd }) => {
    const [root, most, globs] = [pathOf(words, cwd), number(words, MOST_TESTS), words.splice(0)];
    later.push(() => ({ kind: 'listing', root, most, globs }));
  },
};

/** The rest of a line after `sim`: seconds, then words in any order. Throws SimMistake. */
export function readSim(text: string, cwd: string): Sim {
  const words = readWords(text);
  if (!words) throw new SimMistake('a quote is not closed');
  const background = words.at(-1) === '&' && words.pop() !== undefined;
  const sim: Sim = { ...NOTHING, ms: seconds(words) * 1000, background };
  const reading: Reading = { sim, words, cwd, tests: { pass: 0, fail: 0, skip: 0 }, later: [] };
  while (words.length > 0) {
    const word = next(words);
    const read = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (!read) throw new SimMistake(`'${word}': expected one of ${Object.keys(WORDS).join(', ')}`);
    read(reading);
  }
  sim.products = reading.later.map((make) => make());
  return sim;
}

function seconds(words: string[]): number {
  const word = next(words);
  const value = word === '' ? Number.NaN : Number(word);
  if (!(value >= 0 && value <= MOST_SECONDS))
    throw new SimMistake(`expected seconds from 0 to ${MOST_SECONDS}, got '${word}'`);
  return value;
}

function number(words: string[], most: number): number {
  const word = next(words);
  if (!/^\d{1,9}$/.test(word) || Number(word) > most)
    throw new SimMistake(`expected a whole number from 0 to ${most}, got '${word}'`);
  return Number(word);
}

function size(words: string[]): number {
  const word = next(words);
  const [, digits, unit] = /^(\d{1,10})([kmg]?)$/i.exec(word) ?? [];
  const bytes = Number(digits) * (UNITS[unit?.toLowerCase() ?? ''] ?? 1);
  if (!(bytes <= MOST_BYTES)) throw new SimMistake(`expected a size like 10k, up to 1g, got '${word}'`);
  return bytes;
}

function signal(words: string[]): string {
  const word = next(words);
  const name = word.toUpperCase().replace(/^SIG/, '');
  if (!SIGNALS.includes(name)) throw new SimMistake(`expected one of ${SIGNALS.join(', ')}, got '${word}'`);
  return `SIG${name}`;
}

function pathOf(words: string[], cwd: string): string {
  return posix.resolve(cwd, next(words));
}

function next(words: string[]): string {
  const word = words.shift();
  if (word === undefined) throw new SimMistake('the line ends where a value was expected');
  return word;
}

function endWith(code: number): Sim['end'] {
  return code === 0 ? null : { code };
}
