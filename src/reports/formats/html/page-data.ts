import { harmlessLine, harmlessText } from '../../../harmless-text.ts';
import { isGraded, OUTCOMES } from '../../../outcome.ts';
import { STAGES } from '../../../stage.ts';
import { compareRuns } from '../../comparison/compare-runs.ts';
import { pairingLines, verdictLine } from '../../comparison/show-comparison.ts';
import type { ComparedRun } from '../../comparison/tally-results.ts';
import { decisiveLog } from '../../decisive-log.ts';
import { isMixed } from '../../samples/sample-figures.ts';
import { showInterval } from '../../samples/show-samples.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { percent, summaryLine } from '../../summary-line.ts';
import type { RunCounts } from '../count-run.ts';
import { nameOf, whyOf, workSeconds, type ResultRecord } from '../run-folder.ts';

// What page/data.js reads: its types are these objects. Fields that say nothing are left out.

const FLAKY = 500;
const FLIPS = 500;
const FAILED_TESTS = 20;

/** What is shown of the whole run. */
export function runData(
  counts: RunCounts,
  more: { against: ComparedRun | undefined; leftOut: string },
): object {
  const mixed = [...counts.run.tasks.values()].filter(isMixed);
  return {
    batch: harmlessLine(counts.summary.batch, 200),
    headline: harmlessLine(summaryLine(counts.summary), 2000),
    facts: factsOf(counts),
    leftOut: more.leftOut,
    outcomes: OUTCOMES,
    stages: ['queue', ...STAGES],
    labels: counts.labels.map(labelData),
    flaky: {
      total: mixed.length,
      tasks: mixed.slice(0, FLAKY).map((tally) => ({ ...tally, task: harmlessLine(tally.task, 200) })),
    },
    comparison: more.against ? comparisonData(more.against, counts.run) : null,
  };
}

/** One evaluation. `log`: its last lines; '' where they are not to be shown. */
export function evaluationData(record: ResultRecord, log: string): object {
  const { failure, labels, seconds, tests, rewards, provider, startedAt } = record;
  const failed = tests.filter(({ status }) => status === 'failed' || status === 'error');
  const logPath = decisiveLog(failure?.stage, record.logs);
  return {
    name: harmlessLine(nameOf(record), 200),
    outcome: record.outcome,
    ...told('reason', harmlessLine(record.reason, 60)),
    ...told('code', harmlessLine(failure?.code ?? '', 60)),
    ...told('message', harmlessLine(whyOf(record), 600)),
    ...told('next', harmlessLine(failure?.next ?? '', 300)),
    ...(Object.keys(labels).length > 0 ? { labels: harmlessLabels(labels) } : {}),
    seconds: Object.fromEntries(Object.entries(seconds).map(([stage, took]) => [stage, rounded(took)])),
    work: rounded(workSeconds(record)),
    attempts: record.attempts,
    tests: tests.length,
    ...(rewards ? { rewards: harmlessLine(JSON.stringify(rewards), 300) } : {}),
    ...(failed.length > 0 ? { failed: failed.slice(0, FAILED_TESTS).map(failedTest) } : {}),
    ...(failed.length > FAILED_TESTS ? { failedMore: failed.length - FAILED_TESTS } : {}),
    ...told('log', log),
    ...told('logPath', harmlessLine(logPath ?? '', 400)),
    ...told('provider', harmlessLine(provider, 100)),
    ...told('startedAt', harmlessLine(startedAt, 40)),
  };
}

function told(name: string, text: string): Record<string, string> {
  return text === '' ? {} : { [name]: text };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function harmlessLabels(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [harmlessLine(name, 100), harmlessLine(value, 200)]),
  );
}

function failedTest({ name, status, message }: ResultRecord['tests'][number]): object {
  const said = harmlessText(message ?? '').slice(0, 500);
  return { name: harmlessLine(name, 300), status, ...told('message', said) };
}

function factsOf({ summary, startedAt, finishedAt, sandboxSeconds, costUsd }: RunCounts): string {
  const facts = [
    summary.provider === '' ? '' : `at ${summary.provider}`,
    startedAt === '' ? '' : `from ${startedAt} to ${finishedAt}`,
    `${(sandboxSeconds / 3600).toFixed(2)} sandbox-hours`,
    costUsd > 0 ? `$${costUsd.toFixed(2)}` : '',
  ];
  return harmlessLine(facts.filter(Boolean).join(', '), 500);
}

function labelData({ name, values }: RunCounts['labels'][number]): object {
  return {
    name: harmlessLine(name, 100),
    values: values.map(({ value, outcomes }) => {
      const graded = OUTCOMES.filter(isGraded).reduce((sum, outcome) => sum + outcomes[outcome], 0);
      const interval = showInterval(wilsonInterval(outcomes.passed, graded));
      const rate = graded === 0 ? '–' : `${percent(outcomes.passed / graded)} %${interval}`;
      return { value: harmlessLine(value, 200), rate, outcomes };
    }),
  };
}

function comparisonData(against: ComparedRun, run: ComparedRun): object {
  const comparison = compareRuns(against, run);
  const flips = comparison.flips.toSorted((a, b) => b.direction.localeCompare(a.direction));
  return {
    lines: [verdictLine(comparison), ...pairingLines(comparison)].map((line) => harmlessLine(line, 600)),
    total: flips.length,
    flips: flips.slice(0, FLIPS).map(({ task, direction, kind, a, b }) => ({
      task: harmlessLine(task, 200),
      direction,
      kind: kind.replaceAll('_', ' '),
      before: `${a.passed} of ${a.graded}`,
      now: `${b.passed} of ${b.graded}`,
    })),
  };
}
