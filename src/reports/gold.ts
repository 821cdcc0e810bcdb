import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldFailure, GoldFindings } from '../database/read-gold.ts';
import { harmlessLine } from '../harmless-text.ts';
import { cannotWrite } from './write-line-file.ts';

/** What a gold run says of a data set. */
export interface Gold {
  tasks: number;
  /** Their own solution never passes. */
  invalid: GoldFailure[];
  /** It passes some of the times. */
  flaky: GoldFailure[];
  /** Quarantined, and not among the former. */
  known: number;
  untried: number;
  /** The file that lists both, ready for --quarantine; null: there is nothing to list. */
  file: string | null;
}

const SHOWN = 20;
const FILE = 'invalid-tasks.txt';

/** Sorts what a gold run found, and writes the tasks that are not to be trusted. Throws USAGE when `out` cannot be written. */
export async function writeGold(
  found: GoldFindings,
  quarantined: ReadonlySet<string>,
  out: string,
): Promise<Gold> {
  const failures = found.failures.filter(({ task }) => !quarantined.has(task));
  const invalid = failures.filter(({ passed }) => passed === 0);
  const flaky = failures.filter(({ passed }) => passed > 0);
  const file = failures.length === 0 ? null : join(out, FILE);
  if (file !== null)
    await writeList(file, [...listed('never passes', invalid), ...listed('passes some of the times', flaky)]);
  const { tasks, untried } = found;
  return { tasks, invalid, flaky, known: found.failures.length - failures.length, untried, file };
}

/** A gold run in words; '' for any other. */
export function showGold(gold: Gold | null): string {
  if (!gold) return '';
  const { tasks, invalid, flaky, known, untried, file } = gold;
  const rest = [
    ...(known > 0 ? [`${known} more are quarantined`] : []),
    ...(untried > 0 ? [`of ${untried} nothing can be said`] : []),
  ];
  const more = rest.map((part) => `; ${part}`).join('');
  if (file === null) return `gold: no task of ${tasks} fails its own solution${more}`;
  return [
    `gold: ${invalid.length} of ${tasks} tasks are invalid, since their own solution does not pass, and ${flaky.length} are flaky${more}`,
    ...shown('invalid', invalid),
    ...shown('flaky', flaky),
    `that says nothing of a model: leave them out by --quarantine ${file}`,
  ].join('\n');
}

function shown(word: string, failures: readonly GoldFailure[]): string[] {
  const lines = failures.slice(0, SHOWN).map(({ task, passed, tried }) => {
    return `  ${word}  ${harmlessLine(task, 100)}  passed ${passed} of ${tried}`;
  });
  const rest = failures.length - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more`] : lines;
}

function listed(when: string, failures: readonly GoldFailure[]): string[] {
  return failures.length === 0 ? [] : [`# Their own solution ${when}:`, ...failures.map(({ task }) => task)];
}

async function writeList(path: string, lines: readonly string[]): Promise<void> {
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `${lines.join('\n')}\n`);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
