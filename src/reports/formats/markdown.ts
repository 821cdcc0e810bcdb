import { harmlessTail } from '../../harmless-text.ts';
import { isGraded, OUTCOMES, type Outcome } from '../../outcome.ts';
import { compareRuns } from '../comparison/compare-runs.ts';
import { showComparison } from '../comparison/show-comparison.ts';
import { isMixed } from '../samples/sample-figures.ts';
import { showInterval } from '../samples/show-samples.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import { percent, summaryLine } from '../summary-line.ts';
import { countRun, type RunCounts } from './count-run.ts';
import type { Wishes } from './format.ts';
import { readLogTail } from './log-tail.ts';
import { markdownBlock, markdownCode, markdownTable } from './markdown-text.ts';
import { nameOf, whyOf, type ResultRecord, type RunFolder } from './run-folder.ts';

/** Longest report, characters: a comment of a pull request holds 65,536. */
export const MARKDOWN_CHARACTERS = 60_000;

const FAILURES = 50;
const FLAKY = 50;
const TAIL_LINES = 10;
const LEFT_OUT = `\nMore than fits in ${MARKDOWN_CHARACTERS} characters was left out.\n`;

/** A report in GitHub's Markdown, for a comment or a step's summary: cut at what fits. Reads the results twice. */
export async function* writeMarkdown(run: RunFolder, wishes: Wishes): AsyncGenerator<string> {
  let room = MARKDOWN_CHARACTERS - LEFT_OUT.length;
  for await (const part of partsOf(run, wishes)) {
    if (part.length > room) {
      yield LEFT_OUT;
      return;
    }
    room -= part.length;
    yield part;
  }
}

async function* partsOf(run: RunFolder, { against }: Wishes): AsyncGenerator<string> {
  const counts = await countRun(run);
  yield `## evalpool: ${markdownCode(counts.summary.batch, 100)}\n\n${markdownCode(summaryLine(counts.summary), 2000)}\n`;
  yield outcomesTable(counts);
  if (against) {
    const comparison = showComparison(compareRuns(against, counts.run));
    yield `\n### Against ${markdownCode(against.name, 100)}\n\n${markdownBlock(comparison, '')}\n`;
  }
  for (const label of counts.labels) yield labelTable(label);
  yield flakyTable(counts);
  yield* failures(run, counts);
}

function outcomesTable({ summary }: RunCounts): string {
  const rows = OUTCOMES.filter((outcome) => summary.outcomes[outcome] > 0).map((outcome) => {
    const reasons = summary.reasons.filter((one) => one.outcome === outcome && one.reason !== '');
    const told = reasons.map(({ reason, count }) => `${markdownCode(reason, 40)} ${count}`).join(', ');
    return [wordOf(outcome), String(summary.outcomes[outcome]), told];
  });
  return `\n${markdownTable(['outcome', 'count', 'reasons'], rows)}`;
}

function labelTable({ name, values }: RunCounts['labels'][number]): string {
  const rows = values.map(({ value, outcomes }) => {
    const sum = (which: readonly Outcome[]): number => which.reduce((n, outcome) => n + outcomes[outcome], 0);
    const graded = sum(OUTCOMES.filter(isGraded));
    const interval = showInterval(wilsonInterval(outcomes.passed, graded));
    const rate = graded === 0 ? '–' : `${percent(outcomes.passed / graded)} %${interval}`;
    return [markdownCode(value, 80), rate, String(outcomes.passed), String(graded), String(sum(OUTCOMES))];
  });
  const head = [markdownCode(name, 80), 'pass rate', 'passed', 'graded', 'all'];
  return `\n### By ${markdownCode(name, 80)}\n\n${markdownTable(head, rows)}`;
}

function flakyTable({ run }: RunCounts): string {
  const mixed = [...run.tasks.values()].filter(isMixed);
  if (mixed.length === 0) return '';
  const rows = mixed
    .slice(0, FLAKY)
    .map(({ task, passed, graded }) => [markdownCode(task, 100), `${passed} of ${graded}`]);
  const rest = mixed.length > FLAKY ? `\nand ${mixed.length - FLAKY} more\n` : '';
  return `\n### Flaky: samples of a task disagree\n\n${markdownTable(['task', 'passed'], rows)}${rest}`;
}

async function* failures(run: RunFolder, { summary }: RunCounts): AsyncGenerator<string> {
  const all = OUTCOMES.reduce((sum, outcome) => sum + summary.outcomes[outcome], -summary.outcomes.passed);
  if (all === 0) return;
  yield `\n### Not passed: ${all}\n\n`;
  let shown = 0;
  for await (const record of run.records()) {
    if (record.outcome === 'passed') continue;
    if (shown >= FAILURES) break;
    yield await failure(run, record);
    shown += 1;
  }
  if (all > shown) yield `\nand ${all - shown} more\n`;
}

async function failure(run: RunFolder, record: ResultRecord): Promise<string> {
  const reason = record.reason ? ` (${markdownCode(record.reason, 40)})` : '';
  const why = [markdownCode(whyOf(record), 400), markdownCode(record.failure?.next ?? '', 200)]
    .filter(Boolean)
    .join(' ');
  const head = `- ${markdownCode(nameOf(record), 200)} ${wordOf(record.outcome)}${reason}: ${why}\n`;
  const tail = harmlessTail(await readLogTail(run, record, TAIL_LINES), TAIL_LINES, 200);
  if (tail.trim() === '') return head;
  return `${head}\n  <details><summary>last lines</summary>\n\n${markdownBlock(tail, '  ')}\n\n  </details>\n\n`;
}

function wordOf(outcome: Outcome): string {
  return outcome.replace('_', ' ');
}
