import { EvalpoolError } from '../../errors.ts';
import type { Item } from '../read-specs.ts';

/** What a format may be given besides its name, as the command line has it. */
export interface FormatInput {
  /** The argument of the command. */
  input: string | undefined;
  problems: string | undefined;
  instances: string | undefined;
  predictions: string | undefined;
  templates: string | undefined;
  /** Runs the tests of instances that bring no command. */
  testCmd: string | undefined;
  /** How the report of instances that name no parser is read. */
  logParser: string | undefined;
  /** Evaluate the data set's own solutions. */
  gold: boolean;
  /** Tells the user what no item is about. */
  say: (line: string) => void;
}

/** Reads a format's files as specs. Throws INPUT_UNREADABLE when its data set cannot be read whole. */
export type ReadFormat = (from: FormatInput) => AsyncGenerator<Item>;

/** A file that the table of formats asks for, and so is there. */
export function given(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new EvalpoolError('USAGE', 'expected a file, got nothing');
}
