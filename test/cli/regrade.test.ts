import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { useStack, type Stack } from '../../src/local/use-stack.ts';
import { makeLog } from '../../src/log.ts';
import type { SpecInput } from '../../src/spec.ts';
import { EXPECTED } from '../evaluation/parsers/expected-tests.ts';
import { formatOf, reportOf } from '../evaluation/parsers/read-text.ts';
import { startCli, type Ended } from './run-cli.ts';

let folder = '';
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-regrade-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const config = readConfig({ EVALPOOL_HOME: join(folder, 'home') });
  stack = await useStack(config, { log: makeLog('test', 'silent'), concurrency: 4 });
});
afterAll(async () => {
  await stack.leave();
  rmSync(folder, { recursive: true, force: true });
});

const cli = async (...args: string[]): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } }).ended;

function writeLines(name: string, lines: readonly unknown[]): string {
  writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
  return name;
}

async function run(name: string, specs: readonly SpecInput[]): Promise<void> {
  const ended = await cli(
    'run',
    writeLines(`${name}.jsonl`, specs),
    '--batch',
    name,
    '--min-completion',
    '0',
  );
  expect(ended).toMatchObject({ code: 0 });
}

const resultsOf = (name: string): string =>
  readFileSync(join(folder, 'results', name, 'results.jsonl'), 'utf8');

interface Verdict {
  id: string;
  outcome: string;
  reason: string;
  failure: object | null;
  tests: object[];
}

const verdictsOf = (name: string): Verdict[] =>
  resultsOf(name)
    .trim()
    .split('\n')
    .map((line) => {
      const { id, outcome, reason, failure, tests }: Verdict = JSON.parse(line);
      return { id, outcome, reason, failure, tests };
    });

/** A spec whose tests leave that report of a real runner, with what else they print. */
function reporting(id: string, file: string, more: { exit: number; printed: boolean }): SpecInput {
  const format = formatOf(file);
  const printed = more.printed && format !== 'junit' && format !== 'ctrf';
  const report = printed ? { format } : { format, path: 'out/report' };
  const leave = printed ? 'cat given' : 'mkdir -p out; cp given out/report; echo printed';
  return {
    id,
    files: { given: { base64: reportOf(file).toString('base64') } },
    test: `echo noise >&2; ${leave}; exit ${more.exit}`,
    report,
  };
}

const SPECS = Object.keys(EXPECTED).flatMap((file) =>
  [0, 1].map((exit) => reporting(`${file} ${exit}`, file, { exit, printed: exit === 0 })),
);
const REWARDED: SpecInput = {
  id: 'rewarded',
  test: `echo '{"low":0,"at":0,"good":1}' > reward.json; echo 1..1; echo ok 1 - a`,
  report: { format: 'tap' },
  reward: { path: 'reward.json' },
};
const UNDECIDED: SpecInput[] = [
  { id: 'slow', test: 'sleep 60', timeouts: { test: 0.5 } },
  { id: 'unbuilt', build: 'false', test: 'true' },
  { id: 'killed', test: 'kill -KILL $$' },
  { id: 'by exit', test: 'echo 1..1; echo ok 1 - a; exit 3' },
  { id: 'cut', test: 'head -c 3000000 /dev/zero; echo; echo 1..1; echo ok 1 - a' },
];

test('with the same rules all is, byte for byte, as the run wrote it', async () => {
  await run('same', [...SPECS, REWARDED, ...UNDECIDED]);
  const ended = await cli('regrade', 'same', '--json');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(resultsOf('same-regraded')).toBe(resultsOf('same'));
  const summary: object = JSON.parse(readFileSync(join(folder, 'results/same/summary.json'), 'utf8'));
  const again: { outcomes: object } = JSON.parse(ended.stdout);
  expect(summary).toMatchObject({ outcomes: again.outcomes });
  expect(again).toMatchObject({
    regraded: { judged: SPECS.length + 4, changed: 0, kept: { no_verdict: 2, not_kept: 0, log_cut: 0 } },
  });
});

/** Rules that may be drawn for a task: names of its report, mostly of tests that passed, and the format or `auto`. */
function rulesFor(spec: SpecInput, file: string): fc.Arbitrary<Pick<SpecInput, 'expect' | 'report'>> {
  const told = EXPECTED[file] ?? [];
  const passed = told.filter(([status]) => status === 'passed').map(([, name]) => name);
  const all = [...told.map(([, name]) => name), 'no such test'];
  const names = fc.oneof({ weight: 4, arbitrary: fc.subarray(passed) }, fc.subarray(all));
  const lists = {
    failToPass: names,
    passToPass: names,
    required: names,
    minTests: fc.integer({ min: 1, max: 4 }),
  };
  const report = fc.constantFrom(spec.report, { ...spec.report, format: 'auto' as const });
  return fc
    .record({ expect: fc.record(lists, { requiredKeys: [] }), report })
    .map(({ expect: wanted, report: read }) => ({
      expect: wanted,
      ...(read ? { report: read } : {}),
    }));
}

test('other rules say what a run with them says, and nothing that is stored changes', async () => {
  const changed = SPECS.map((spec, at) => {
    const [rules] = fc.sample(rulesFor(spec, spec.id.split(' ')[0] ?? ''), { numRuns: 1, seed: at });
    return { ...spec, ...rules };
  });
  const rewarded = { ...REWARDED, expect: { reward: { name: 'good' }, required: ['a'] } };
  await run('before', [...SPECS, REWARDED]);
  await run('fresh', [...changed, rewarded]);
  const rules = [...changed, rewarded].map(({ id, expect: wanted, report }) => ({
    id,
    expect: wanted,
    report,
  }));
  const ended = await cli('regrade', 'before', '--rules', writeLines('rules.jsonl', rules));
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(verdictsOf('before-regraded')).toEqual(verdictsOf('fresh'));
  const counts = new Set(verdictsOf('fresh').map(({ outcome, reason }) => `${outcome} ${reason}`));
  expect(counts).toEqual(new Set(['passed ', 'failed tests', 'failed no_tests']));
  expect(ended.stdout).toMatch(/^judged again 43 evaluations: \d+ changed\n {2}\d+ × failed \(tests\) → /);
  const before = resultsOf('before');
  await cli('regrade', 'before');
  expect(resultsOf('before-regraded')).toBe(before);
});

test('what cannot be judged keeps its outcome and is counted', async () => {
  await run('kept', [SPECS[0]!, ...UNDECIDED]);
  const rules = writeLines('tap.json', [{ report: { format: 'tap' } }]);
  const ended = await cli('regrade', 'kept', '--rules', rules, '--json');
  expect(JSON.parse(ended.stdout)).toMatchObject({
    outcomes: { passed: 1, failed: 4, timed_out: 1 },
    regraded: { judged: 3, fromLog: 2, kept: { no_verdict: 2, not_kept: 0, other_path: 0, log_cut: 1 } },
  });
  expect(verdictsOf('kept-regraded').find(({ id }) => id === 'by exit')).toMatchObject({
    outcome: 'failed',
    failure: { message: 'the test script ended with exit status 3 though no reported test failed' },
    tests: [{ name: 'a', status: 'passed' }],
  });
  const other = writeLines('other.json', [
    { id: 'by exit', report: { format: 'tap', path: 'elsewhere' } },
    { id: 'nobody' },
  ]);
  const told = await cli('regrade', 'kept', '--rules', other, '--out', 'told');
  expect(told.stdout).toContain('1 keep their outcome: they would need another file than was kept');
  expect(told.stdout).toContain('1 of 2 tasks with rules are not in the batch: nobody');
  expect(readFileSync(join(folder, 'told', 'changes.jsonl'), 'utf8')).toBe('');
});

test.each([
  ['{"id":"a","expect":{"minTest":3}}', 'rules:1: expect.minTest'],
  ['{"id":"a"}\n{"id":"b","report":{"format":"xml"}}', 'rules:2: report.format: expected'],
  ['{"id":"a"}\n{"id":"a"}', 'rules:2: id: there are rules for "a" already'],
  ['{"id":"a"}\nnonsense', 'rules:2: is not JSON'],
  ['[]', 'rules:1: expected an object'],
  ['', 'rules holds no rules'],
])('rules %j are refused with line and field', async (text, message) => {
  writeFileSync(join(folder, 'rules'), text);
  const ended = await cli('regrade', 'same', '--rules', 'rules');
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain(message);
});

test('rules that can judge nothing are refused, and no results are left', async () => {
  const rules = writeLines('blind.json', [{ report: null, expect: { minTests: 1 } }]);
  const ended = await cli('regrade', 'same', '--rules', rules, '--out', 'blind');
  expect(ended).toMatchObject({ code: 2 });
  expect(ended.stderr).toContain('expect: is about tests, but there is no `report` to find them in');
  expect(() => readFileSync(join(folder, 'blind', 'results.jsonl'))).toThrow('ENOENT');
});
