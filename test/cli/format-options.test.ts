import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FORMAT_NAMES, usageOf, type FormatName } from '../../src/intake/formats/formats.ts';
import { startCli, type Ended } from './run-cli.ts';

const FIXTURES = join(import.meta.dirname, '../intake/formats/fixtures');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-format-options-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function cli(args: readonly string[], cwd: string = folder): Promise<Ended> {
  const running = startCli(args, { cwd, env: { EVALPOOL_HOME: join(folder, 'home') } });
  running.child.stdin.end();
  return running.ended;
}

const SWE_BENCH = ['--format', 'swebench', '--instances', 'instances.jsonl', '--templates', 'templates.json'];

test.each([
  [
    'problems without the format',
    ['run', 'x', '--gold'],
    /^USAGE: --gold needs --format humaneval or .*swebench/,
  ],
  [
    'the format without problems',
    ['run', '--format', 'humaneval', '--gold'],
    /^USAGE: --format humaneval needs --problems: evalpool run --format humaneval --problems FILE \(samples\.jsonl \| --gold\)/,
  ],
  [
    'a misspelt format',
    ['validate', '--format', 'swebnch'],
    /there is no format 'swebnch'; did you mean "swebench"\?/,
  ],
  [
    'an option of another format',
    ['run', '--format', 'humaneval', '--problems', 'x', '--gold', '--instances', 'y'],
    /^USAGE: --format humaneval takes no --instances: /,
  ],
  [
    'predictions and gold',
    ['validate', ...SWE_BENCH, '--predictions', 'z', '--gold'],
    /^USAGE: --format swebench needs either submissions or --gold: /,
  ],
  ['a file for nothing', ['validate', ...SWE_BENCH, '--gold', 'x'], /takes no file without an option/],
  [
    'gold where there is none',
    ['validate', '--format', 'bigcode', '--problems', 'x', '--gold'],
    /^USAGE: --format bigcode has no --gold/,
  ],
  [
    'standard input for a data set',
    ['run', '--format', 'humaneval', '--problems', 'x', '-'],
    /reads files only, not standard input/,
  ],
])('%s ends with 2 and says why', async (_, args, said) => {
  const { code, stdout, stderr } = await cli(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(said);
});

test('validate tells of a joined data set what would run, what would not, and why', async () => {
  const args = ['validate', ...SWE_BENCH, '--predictions', 'predictions.jsonl'];
  const { code, stdout, stderr } = await cli(args, join(FIXTURES, 'swebench'));
  expect(code).toBe(2);
  expect(stdout).toMatch(/^6 valid specs, 3 lines that are none\n/);
  expect(stderr).toMatch(/^1 of 4 instances have no template: /);
  expect(stderr).toContain(
    'predictions.jsonl:9: image: no template covers image "example/sweb.eval.x86_64.other',
  );
});

test('the help lists every format', async () => {
  const { stdout } = await cli(['validate', '--help']);
  for (const name of FORMAT_NAMES) expect(stdout).toContain(`  --format ${usageOf(name)}\n`);
});

const JOINED = ['--instances', 'instances.jsonl', '--templates', 'templates.json'];
const PROBLEMS = ['--problems', 'problems.jsonl'];

test.each<[FormatName, number, string[]]>([
  ['evalplus', 3, [...PROBLEMS, 'samples.jsonl']],
  ['evalplus', 2, [...PROBLEMS, '--gold']],
  ['bigcode', 3, [...PROBLEMS, 'generations.json']],
  ['livecodebench', 5, ['--problems', 'questions.jsonl', 'answers.json']],
  ['swebench', 2, [...JOINED, '--gold']],
  ['swebench-pro', 2, [...JOINED, '--predictions', 'predictions.json']],
  ['swe-smith', 1, [...JOINED, '--gold']],
  ['r2e-gym', 2, [...JOINED, '--predictions', 'predictions.jsonl']],
  ['multi-swe-bench', 1, [...JOINED, '--gold']],
  ['harbor', 2, ['--templates', 'templates.json', '--gold', 'tasks']],
  ['sandboxfusion', 3, ['requests.jsonl']],
  ['piston', 2, ['requests.jsonl']],
])('validate reads %s: %d specs', async (format, specs, args) => {
  const { stdout } = await cli(['validate', '--json', '--format', format, ...args], join(FIXTURES, format));
  expect(JSON.parse(stdout)).toMatchObject({ specs });
});
