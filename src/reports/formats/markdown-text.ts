import { harmlessLine } from '../../harmless-text.ts';

// Within code GitHub's Markdown knows no markup, link, image, mention or reference, and no escapes are needed: whatever comes
// from a candidate stands there.

/** Hostile text as one line of code; '' for none. A bar becomes a drawn one: in a table it would end the cell, code or not. */
export function markdownCode(raw: string, characters: number): string {
  const text = harmlessLine(raw, characters).replaceAll('|', '│');
  if (text === '') return '';
  const ticks = '`'.repeat(longestTicks(text) + 1);
  const space = /^`|`$/.test(text) ? ' ' : '';
  return `${ticks}${space}${text}${space}${ticks}`;
}

/** Hostile lines as a block of code that they cannot end, indented. */
export function markdownBlock(text: string, indent: string): string {
  const fence = '`'.repeat(Math.max(3, longestTicks(text) + 1));
  return [`${fence}text`, ...text.split('\n'), fence].map((line) => `${indent}${line}`).join('\n');
}

/** A table of cells that hold no bar. */
export function markdownTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function longestTicks(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}
