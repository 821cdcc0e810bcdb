import { expect, test } from 'vitest';
import { CATALOGUE, type Source } from '../../src/metrics/catalogue.ts';
import { BUCKETS, FINE_BUCKETS } from '../../src/metrics/metrics.ts';

const SOURCES: ReadonlyArray<[Source, string]> = [
  ['evaluator', 'Each evaluator counts its own work: add them up.'],
  [
    'leader',
    'What is true of the whole deployment, looked up at each scrape by the dispatcher that leads, so that it is there once.',
  ],
  ['dispatcher', 'Each dispatcher.'],
  ['reaper', 'Each reaper.'],
  [
    'every process',
    'Evaluators, dispatchers and reapers alike, beside the `process_*` and `nodejs_*` of prom-client.',
  ],
];

const ENDS = { counter: /_total$/, histogram: /_seconds$/, gauge: /(?<!_total)$/ };

const INTRO = `# Metrics

<!-- Written by test/metrics/metrics-page.test.ts from src/metrics/catalogue.ts: change that, then \`npm test -- metrics-page -u\`. -->

Every process serves \`/metrics\` at \`EVALPOOL_HEALTH_HOST\`:\`EVALPOOL_HEALTH_PORT\`, beside \`/healthz\` (503: end it and start
another) and \`/readyz\` (503: Postgres or Redis does not answer). Who accepts OpenMetrics gets exemplars at what is marked \`*\`:
evaluation, attempt and, where tracing is on, trace.

All durations are histograms in seconds with the same buckets: ${BUCKETS.join(', ')};
those marked \`†\` have finer ones: ${FINE_BUCKETS.join(', ')}.
Labels stay few: a provider, a stage, an outcome, an error code of [errors.md](errors.md); of tenants and templates the first
20, the rest is \`other\`. The newest five batches have a \`place\` each, and \`evalpool_batch_info\` has the name:

\`\`\`promql
evalpool_batch_eta_seconds * on (place) group_left (batch) evalpool_batch_info
\`\`\`

On one machine the processes end with the last run. \`evalpool run --metrics-port 9464\` serves the sum of all of them
meanwhile; \`--push-metrics URL\` leaves it at a Pushgateway at the end, \`--metrics-file PATH\` in a file for node_exporter.
`;

function metricsPage(): string {
  return [INTRO, ...SOURCES.map(([from, about]) => section(from, about))].join('\n');
}

function section(from: Source, about: string): string {
  const rows = Object.values(CATALOGUE)
    .filter((each) => each.from === from)
    .map(({ name, kind, labels, help, ...more }) => {
      const mark = `${'exemplars' in more ? ' \\*' : ''}${'fine' in more ? ' †' : ''}`;
      return [`\`evalpool_${name}\`${mark}`, kind, labels.map((label) => `\`${label}\``).join(', '), help];
    });
  const table = [['metric', 'kind', 'labels', 'what'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = table;
  const title = from === 'leader' ? 'the leading dispatcher' : from;
  return `## From ${title}\n\n${about}\n\n${[line(head), rule, ...body.map(line)].join('\n')}\n`;
}

test('docs/metrics.md is what the code declares', async () => {
  await expect(metricsPage()).toMatchFileSnapshot('../../docs/metrics.md');
});

test('every name has its base unit, and every counter its suffix', () => {
  for (const { name, kind } of Object.values(CATALOGUE)) {
    expect(name).toMatch(ENDS[kind]);
    expect(name).not.toMatch(/(_ms|milliseconds|minutes|_mb|percent)$/);
  }
  const names = Object.values(CATALOGUE).map(({ name }) => name.replace(/_total$/, ''));
  expect(new Set(names).size).toBe(names.length);
});
