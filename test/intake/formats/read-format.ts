import { join } from 'node:path';
import type { FormatInput } from '../../../src/intake/formats/format-input.ts';
import { FORMATS, refuseUnfit, type FormatName } from '../../../src/intake/formats/formats.ts';
import { problemText } from '../../../src/intake/problem.ts';
import type { Item } from '../../../src/intake/read-specs.ts';
import type { SpecInput } from '../../../src/spec.ts';
import { all } from '../items.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** A file of a format's fixture. */
export function fixture(format: string, file: string): string {
  return join(FIXTURES, format, file);
}

/** What was read, and what was said beside it. */
export interface ReadFixture {
  items: Item[];
  specs: SpecInput[];
  /** `file:line: what is wrong`, file without folder. */
  bad: string[];
  said: string[];
}

const FILES = ['input', 'problems', 'instances', 'predictions', 'templates'] as const;

/** Reads files in a format, as the command line would: names are those of the format's fixture, or absolute. */
export async function readFormat(format: FormatName, given: Partial<FormatInput>): Promise<ReadFixture> {
  const said: string[] = [];
  const from: FormatInput = {
    input: undefined,
    problems: undefined,
    instances: undefined,
    predictions: undefined,
    templates: undefined,
    testCmd: undefined,
    logParser: undefined,
    gold: false,
    say: (line) => said.push(short(line)),
    ...given,
  };
  for (const file of FILES) {
    const name = from[file];
    if (name !== undefined && !name.startsWith('/')) from[file] = fixture(format, name);
  }
  refuseUnfit(format, from);
  const items = await all(FORMATS[format].read(from));
  return { items, specs: items.flatMap((item) => specOf(item) ?? []), bad: items.flatMap(badOf), said };
}

function specOf(item: Item): SpecInput | undefined {
  return 'candidate' in item ? item.candidate.spec : undefined;
}

function badOf(item: Item): string[] {
  return 'bad' in item ? [short(`${item.bad.source}: ${problemText(item.bad.problems)}`)] : [];
}

// Paths without their folders.
function short(text: string): string {
  return text.replaceAll(/\/[\w/.-]*\/(?=[\w.-]+:\d)/g, '');
}
