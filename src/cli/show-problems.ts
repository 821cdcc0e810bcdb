import { harmlessLine } from '../harmless-text.ts';
import { problemText, type BadLine } from '../intake/problem.ts';

const SHOWN = 20;

/** Input lines that are no specs, one a line; `count` may be more than are given. */
export function showProblems(problems: readonly BadLine[], count: number): string[] {
  // Sources are absolute, so that they mean the same from everywhere; people read the short form.
  const here = `${process.cwd()}/`;
  const lines = problems
    .slice(0, SHOWN)
    .map(({ source, problems: found }) => `${source}: ${problemText(found)}`)
    .map((line) => harmlessLine(line.replaceAll(here, ''), 1200));
  if (count > lines.length) lines.push(`and ${count - lines.length} more lines that are no specs`);
  return lines;
}
