import { OUTCOMES } from '../../../outcome.ts';
import { countRun, type RunCounts } from '../count-run.ts';
import type { Wishes } from '../format.ts';
import { readLogTail } from '../log-tail.ts';
import type { ResultRecord, RunFolder } from '../run-folder.ts';
import { evaluationData, runData } from './page-data.ts';
import { readPage } from './page-files.ts';

/** Evaluations that a page shows at most: a browser opens so many in a moment, and people read no more. */
export const MOST_EVALUATIONS = 20_000;
const LOG_LINES = 40;
/** Of all logs together, characters. */
const LOG_ROOM = 16_000_000;

/** A page for a browser, in one file that loads nothing. Reads the results twice. Throws INPUT_UNREADABLE, INTERNAL. */
export async function* writeHtml(run: RunFolder, { against }: Wishes): AsyncGenerator<string> {
  const counts = await countRun(run);
  const room = shareRoom(counts);
  const page = readPage(`evalpool: ${counts.summary.batch}`);
  yield `${page.before}<script type="application/json" id="run">`;
  yield `${embedded(runData(counts, { against, leftOut: leftOut(room, counts) }))}</script>\n`;
  yield '<script type="application/json" id="data">[';
  let between = '\n';
  const left = { ...room, log: LOG_ROOM };
  for await (const record of run.records()) {
    const kind = record.outcome === 'passed' ? 'passed' : 'others';
    if (left[kind] === 0) continue;
    left[kind] -= 1;
    const log = await logOf(run, record, left.log);
    left.log -= log.length;
    yield between + embedded(evaluationData(record, log));
    between = ',\n';
  }
  yield `\n]</script>${page.after}`;
}

/** How many of those that passed, and of the others, are shown. */
interface Room {
  passed: number;
  others: number;
}

// Whoever opens the page looks for what did not pass.
function shareRoom({ summary }: RunCounts): Room {
  const others = othersOf(summary);
  const passed = Math.min(summary.outcomes.passed, Math.max(0, MOST_EVALUATIONS - others));
  return { passed, others: Math.min(others, MOST_EVALUATIONS) };
}

function othersOf({ outcomes }: RunCounts['summary']): number {
  return OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], -outcomes.passed);
}

function leftOut(room: Room, { summary }: RunCounts): string {
  const passed = summary.outcomes.passed - room.passed;
  const others = othersOf(summary) - room.others;
  if (passed + others === 0) return '';
  return `The tables below show ${room.passed + room.others} evaluations; left out are ${passed} that passed and ${others} others. results.jsonl has them all.`;
}

async function logOf(run: RunFolder, record: ResultRecord, room: number): Promise<string> {
  if (record.outcome === 'passed' || room <= 0) return '';
  return (await readLogTail(run, record, LOG_LINES)).slice(0, room);
}

// `<` is the only character that can end a script's text.
function embedded(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
