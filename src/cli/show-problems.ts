import { relative, isAbsolute } from 'node:path';
import { harmlessLine } from '../harmless-text.ts';
import { problemText, type BadLine } from '../intake/problem.ts';

const SHOWN = 20;

/** Input lines that are no specs, one a line; `count` may be more than are given. */
export function showProblems(problems: readonly BadLine[], count: number): string[] {
  const lines = problems.slice(0, SHOWN).map(({ source, problems: found }) => {
    return `${shortSource(source)}: ${harmlessLine(problemText(found), 1000)}`;
  });
  if (count > lines.length) lines.push(`and ${count - lines.length} more lines that are no specs`);
  return lines;
}

// Sources are absolute, so that they mean the same from everywhere; people read the short form.
function shortSource(source: string): string {
  const short = isAbsolute(source) ? relative(process.cwd(), source) : source;
  return harmlessLine(short.startsWith('..') ? source : short, 300);
}
