import { marked } from 'marked';
import { expect, test } from 'vitest';
import { FORMATS } from '../../../src/reports/formats/formats.ts';
import { MARKDOWN_CHARACTERS } from '../../../src/reports/formats/markdown.ts';
import { failure, HOSTILE, textOf, writeRun } from './a-run.ts';

async function markdownOf(results?: readonly object[], against?: readonly object[]): Promise<string> {
  const [run, other] = [writeRun(results), writeRun(against)];
  try {
    const tasks = new Map([['a__a-1', { task: 'a__a-1', passed: 0, graded: 1, samples: 1 }]]);
    const wishes = against ? { against: { name: HOSTILE, tasks, total: 1 } } : {};
    return await textOf(FORMATS['markdown'], await run.open(), wishes);
  } finally {
    run.remove();
    other.remove();
  }
}

test('a report tells the headline, the outcomes, each label, what is flaky and what did not pass', async () => {
  const text = await markdownOf();
  expect(text).toContain('## evalpool: `night`');
  expect(text).toContain('pass rate 50.0 % [15.0–85.0] of 4 graded');
  expect(text).toContain('| failed | 1 | `tests` 1 |');
  expect(text).toContain('### By `language`');
  expect(text).toContain('| `go` | 50.0 % [9.5–90.5] | 1 | 2 | 2 |');
  expect(text).toContain('| `a__a-2` | 1 of 2 |');
  expect(text).toContain('- `a__a-2` failed (`tests`): `1 of 2 tests failed` `Read the log.`');
  expect(text).toContain('  E   assert 1 == 2');
  expect(await markdownOf(undefined, [])).toContain('A passes 0.0 %, B 100.0 % of 1 paired tasks');
});

const INJECTIONS = [
  HOSTILE,
  '`` ` ``` |` a | b `|',
  '`\\|`<b>x</b>',
  '[a](https://evil.test) ![b](https://evil.test/x.png)',
  '</details><script>alert(1)</script>',
  '| a | b |\n|---|---|\n@octocat #1 GH-1',
  '``````\n@octocat\n```\n<b>x</b>',
];

test.each(INJECTIONS)('nothing that a candidate names or prints is more than text: %j', async (text) => {
  const hostile = { id: text, labels: { [text]: text, model: `a${text}` }, reason: text };
  const results = [
    {
      ...hostile,
      outcome: 'failed',
      failure: failure(text, 'test', text),
      logs: { test: 'logs/hostile/test.log' },
    },
    { ...hostile, sample: 1, outcome: 'passed', labels: { model: text, [text]: 'x' } },
  ];
  const html = await marked.parse(await markdownOf(results, []));
  // What GitHub shows as code is text to it; outside of it there is only what evalpool writes.
  const outside = html.replaceAll(/<code[^>]*>[^<]*<\/code>/g, '');
  expect(outside).not.toMatch(/<(?!\/?(?:h2|h3|p|table|thead|tbody|tr|th|td|ul|li|pre|details|summary)\b)/);
  expect(outside).not.toMatch(/octocat|evil|GH-1|#1|alert/);
});

test('a report fits a comment, whatever the run, and says that something is left out', async () => {
  const results = Array.from({ length: 2000 }, (_, index) => ({
    id: `${'x'.repeat(150)}${index}`,
    labels: Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => [name, `${index} ${'y'.repeat(300)}`]),
    ),
    outcome: 'failed',
    failure: failure('TESTS_FAILED', 'test', 'z'.repeat(1000)),
  }));
  const text = await markdownOf(results);
  expect(text.length).toBeLessThanOrEqual(MARKDOWN_CHARACTERS);
  expect(text).toContain('was left out');
});
