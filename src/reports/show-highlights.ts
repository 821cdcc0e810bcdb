import { join } from 'node:path';
import { harmlessLine, harmlessTail } from '../harmless-text.ts';
import { decisiveLog } from './decisive-log.ts';
import type { Highlight, Highlights } from './highlights.ts';
import { plainTable } from './plain-table.ts';

const TAIL_LINES = 8;
const TAIL_CHARACTERS = 160;

/** What did not pass, each with why, the end of its log and the log's path; '' if all passed. */
export function showFailed(highlights: Highlights, out: string): string {
  if (highlights.notPassed === 0) return '';
  const shown = highlights.failed.map((one) => showOne(one, out));
  const rest = highlights.notPassed - highlights.failed.length;
  if (rest > 0) shown.push(`and ${rest} more: ${join(out, 'results.jsonl')}`);
  return shown.join('\n');
}

/** The slowest evaluations as a table; '' if there are none. */
export function showSlowest({ slowest }: Highlights): string {
  if (slowest.length === 0) return '';
  const table = plainTable(['slowest', 'outcome', 'seconds', 'most of it']);
  for (const one of slowest) {
    table.push([nameOf(one), one.result.outcome, one.seconds.toFixed(1), longestStage(one)]);
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

function showOne(one: Highlight, out: string): string {
  const { outcome, reason, result } = one.result;
  const lines = [`✗ ${nameOf(one)}  ${outcome}${reason ? ` (${harmlessLine(reason, 40)})` : ''}`];
  if (result.failure) {
    lines.push(
      `  ${harmlessLine(result.failure.message, 300)}`,
      `  ${harmlessLine(result.failure.next, 200)}`,
    );
  }
  const tail = harmlessTail(result.tail, TAIL_LINES, TAIL_CHARACTERS);
  if (tail.trim()) lines.push(...tail.split('\n').map((line) => `  │ ${line}`));
  const log = decisiveLog(result.failure?.stage, one.logs);
  if (log) lines.push(`  log: ${join(out, log)}`);
  return lines.join('\n');
}

function nameOf({ result }: Highlight): string {
  const name = harmlessLine(result.taskId, 60);
  return result.sample === 0 ? name : `${name} #${result.sample}`;
}

function longestStage({ result }: Highlight): string {
  const stages = result.result.stages.filter(({ stage }) => stage !== 'queue');
  const longest = stages.toSorted((a, b) => b.seconds - a.seconds)[0];
  return longest ? `${longest.stage} ${longest.seconds.toFixed(1)}` : '';
}
