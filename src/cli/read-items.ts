import { InvalidArgumentError, Option, type Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { readHumanEval } from '../intake/formats/human-eval.ts';
import { openInput } from '../intake/open-input.ts';
import { pickSpecs } from '../intake/pick.ts';
import { readSpecs, type Item } from '../intake/read-specs.ts';
import { repeatSpecs } from '../intake/repeat.ts';
import { withinSession, type SessionLimit } from '../intake/session-limit.ts';
import { spool } from '../intake/spool.ts';

/** The options that say what to evaluate. */
export interface InputOptions {
  format: 'specs' | 'humaneval';
  problems?: string;
  gold?: true;
  filter: string[];
  limit?: number;
  repeat: number;
}

/** What to evaluate; each call of `items` reads it anew. */
export interface Reading {
  items(): AsyncGenerator<Item>;
  /** Removes what was kept so that it could be read twice. */
  close(): Promise<void>;
}

/** Adds the options that say what to evaluate. */
export function addInputOptions(command: Command): Command {
  return command
    .argument('[input]', 'a JSON Lines file, a folder of *.jsonl, or - for standard input')
    .addOption(
      new Option('--format <format>', 'form of the input').choices(['specs', 'humaneval']).default('specs'),
    )
    .option('--problems <file>', "HumanEval's problems, .jsonl or .jsonl.gz")
    .option('--gold', "evaluate the problems' own solutions")
    .option('--filter <filter>', 'label=value, or a glob over ids; repeat to narrow', collect, [])
    .option('--limit <n>', 'at most this many specs', wholeNumber(1))
    .option('--repeat <n>', 'evaluate each spec so often, as samples of its task', wholeNumber(1), 1);
}

/** How an input is read: `twice` when more than once; for sandboxes that live how long. */
interface ReadingMode {
  twice: boolean;
  session: SessionLimit;
}

/** Opens the input. Throws USAGE, INPUT_UNREADABLE. */
export async function openReading(
  input: string | undefined,
  options: InputOptions,
  { twice, session }: ReadingMode,
): Promise<Reading> {
  const pick = (items: AsyncIterable<Item>): AsyncGenerator<Item> =>
    repeatSpecs(
      withinSession(pickSpecs(items, { filters: options.filter, limit: options.limit }), session),
      options.repeat,
    );
  if (options.format === 'humaneval') {
    const from = humanEvalInput(input, options);
    return { items: () => pick(readHumanEval(from)), close: async () => undefined };
  }
  if (options.problems !== undefined || options.gold) {
    throw new EvalpoolError('USAGE', '--problems and --gold need --format humaneval');
  }
  if (input === undefined) throw new EvalpoolError('USAGE', 'expected a file, a folder or -, got nothing');
  const inputs = await openInput(input);
  const kept = twice ? await spool(inputs) : { inputs, remove: async () => undefined };
  return {
    items: () => pick(readSpecs(kept.inputs, 'local')),
    close: async () => {
      // A producer that says nothing more must not keep us alive.
      if (input === '-') process.stdin.destroy();
      await kept.remove();
    },
  };
}

function humanEvalInput(
  input: string | undefined,
  options: InputOptions,
): Parameters<typeof readHumanEval>[0] {
  const { problems, gold = false } = options;
  if (problems === undefined) throw new EvalpoolError('USAGE', '--format humaneval needs --problems FILE');
  if (gold === (input !== undefined)) {
    throw new EvalpoolError('USAGE', '--format humaneval needs either a file of samples or --gold');
  }
  if (input === '-')
    throw new EvalpoolError('USAGE', '--format humaneval reads its samples from a file, got -');
  return { problems, samples: input, gold };
}

/** Parses a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`expected a whole number of at least ${least}, got '${text}'`);
  };
}

/** Parses a rate from 0 to 1. */
export function rate(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`expected a rate from 0 to 1, got '${text}'`);
}

/** Collects the values of an option that is given several times. */
export function collect(value: string, former: string[]): string[] {
  return [...former, value];
}
