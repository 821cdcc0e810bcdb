import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRun } from '../reports/formats/a-run.ts';
import { startCli, type Ended } from './run-cli.ts';

const written = writeRun();
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-export-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
});
afterAll(() => {
  written.remove();
  rmSync(folder, { recursive: true, force: true });
});

const cli = async (...args: string[]): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home') } }).ended;
const run = (...args: string[]): Promise<Ended> => cli('run', 'batch.jsonl', '--out', 'out', ...args);
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('a results folder is exported to standard output, or to a file in a folder that it makes', async () => {
  const shown = await cli('export', written.folder, '--format', 'csv');
  expect(shown).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('a__a-2,1,passed') });
  expect(await cli('export', written.folder, '--format', 'csv', '--out', 'new/all.csv')).toMatchObject({
    code: 0,
    stdout: '',
  });
  expect(read('new/all.csv')).toBe(shown.stdout);
  expect(existsSync(join(folder, 'new', 'all.csv.part'))).toBe(false);
});

test('another run is compared with, and samples are read from their file', async () => {
  const report = await cli('export', written.folder, '--format', 'markdown', '--against', written.folder);
  expect(report.stdout).toContain('no difference beyond noise');
  writeFileSync(join(folder, 's.jsonl'), '{"task_id":"a__a-1","completion":"x"}\n');
  const results = await cli('export', written.folder, '--format', 'humaneval', '--samples', 's.jsonl');
  expect(results.stdout).toBe('{"task_id":"a__a-1","completion":"x","result":"passed","passed":true}\n');
});

test('with the instances, each report of SWE-bench says which of the expected tests came out', async () => {
  const lists = { FAIL_TO_PASS: '["t.py::test_a","t.py::gone"]', PASS_TO_PASS: ['t.py::test_b'] };
  writeFileSync(join(folder, 'i.json'), JSON.stringify({ 'a__a-2': lists }));
  const args = ['--format', 'swebench', '--instances', 'i.json', '--out', 'swe', '--model', 'm'];
  expect(await cli('export', written.folder, ...args)).toMatchObject({ code: 0 });
  const report: unknown = JSON.parse(read('swe/logs/run_evaluation/night/m__1/a__a-2/report.json'));
  expect(report).toMatchObject({
    'a__a-2': {
      resolved: false,
      tests_status: {
        FAIL_TO_PASS: { success: [], failure: ['t.py::test_a', 't.py::gone'] },
        PASS_TO_PASS: { success: ['t.py::test_b'], failure: [] },
        FAIL_TO_FAIL: { success: [], failure: [] },
      },
    },
  });
  expect(read('swe/logs/run_evaluation/night/m__1/a__a-1/report.json')).not.toContain('tests_status');
});

test.each([
  [['--format', 'cvs'], 'did you mean "csv"?'],
  [['--format', 'swebench'], '--format swebench is a folder of files: give --out FOLDER'],
  [['--format', 'csv', '--out', '/dev/null/x'], 'results cannot be written to /dev/null/x'],
  [['--format', 'humaneval', '--samples', 'none.jsonl'], 'none.jsonl cannot be read'],
])('what cannot be done is said, with status 2: %j', async (args, message) => {
  expect(await cli('export', written.folder, ...args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
  });
});

test('a folder that is none of a run is refused', async () => {
  expect(await cli('export', 'no/such', '--format', 'csv')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no/such is no results folder of a run'),
  });
});

test('a run writes the exports that it was asked for; a misspelt one stops it before anything runs', async () => {
  writeFileSync(
    join(folder, 'batch.jsonl'),
    '{"id":"good","test":"true"}\n{"id":"bad","test":"echo why; exit 1"}\n',
  );
  expect(await run('--export', 'junti=out.xml')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--export: no form is called \'junti\'; did you mean "junit"?'),
  });
  expect(await run('--export', 'junit')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected junit=PATH'),
  });
  expect(existsSync(join(folder, 'out'))).toBe(false);
  expect(await run('--export', 'junit=out.xml', '--export', 'markdown=out.md')).toMatchObject({ code: 0 });
  expect(read('out.xml')).toMatch(/tests="2" failures="1"[\s\S]*why/);
  expect(read('out.md')).toContain('- `bad` failed');
});
