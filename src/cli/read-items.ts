import { InvalidArgumentError, type Command } from 'commander';
import { EvalpoolError } from '../errors.ts';
import { FORMATS, refuseUnfit } from '../intake/formats/formats.ts';
import { openInput } from '../intake/open-input.ts';
import { pickSpecs } from '../intake/pick.ts';
import { readSpecs, type Item } from '../intake/read-specs.ts';
import { repeatSpecs } from '../intake/repeat.ts';
import { withinSession, type SessionLimit } from '../intake/session-limit.ts';
import { spool } from '../intake/spool.ts';
import { addFormatOptions, formatInput, refuseFormatOptions, type FormatOptions } from './format-options.ts';

/** The options that say what to evaluate. */
export interface InputOptions extends FormatOptions {
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
  return addFormatOptions(
    command.argument('[input]', 'a JSON Lines file, a folder of *.jsonl, or - for standard input'),
  )
    .option('--filter <filter>', 'label=value, or a glob over ids; repeat to narrow', collect, [])
    .option('--limit <n>', 'at most this many specs', wholeNumber(1))
    .option('--repeat <n>', 'evaluate each spec so often, as samples of its task', wholeNumber(1), 1);
}

/** How an input is read: `twice` when more than once; for sandboxes that live how long. */
interface ReadingMode {
  twice: boolean;
  session: SessionLimit;
  /** Tells the user, once, what no line is about. */
  say: (line: string) => void;
}

/** Opens the input. Throws USAGE, INPUT_UNREADABLE. */
export async function openReading(
  input: string | undefined,
  options: InputOptions,
  { twice, session, say }: ReadingMode,
): Promise<Reading> {
  const pick = (items: AsyncIterable<Item>): AsyncGenerator<Item> =>
    repeatSpecs(
      withinSession(pickSpecs(items, { filters: options.filter, limit: options.limit }), session),
      options.repeat,
    );
  if (options.format !== 'specs') {
    const from = formatInput(input, options, once(say));
    refuseUnfit(options.format, from);
    const { read } = FORMATS[options.format];
    return { items: () => pick(read(from)), close: async () => undefined };
  }
  refuseFormatOptions(options);
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

function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) say(line);
    said.add(line);
  };
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
