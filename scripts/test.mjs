// npm test [args for vitest], npm run test:system [args]: prepares, runs the tests of one folder, and ends with
// `N passed, N failed, N skipped` from vitest's own report.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { giveUp, prepare, root } from './prepare.mjs';

const FOLDERS = ['test', 'test-system'];

const args = process.argv.slice(2);
const folder = FOLDERS.includes(args[0]) ? args.shift() : 'test';

prepare();
const place = mkdtempSync(join(tmpdir(), 'evalpool-tests-'));
const report = join(place, 'report.json');
try {
  const status = runVitest();
  console.log(countTests());
  process.exitCode = status ?? 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}

function runVitest() {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const argv = [vitest, 'run', '--dir', folder, ...reporters, ...args];
  return spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' }).status;
}

// A file that could not be loaded, or whose hooks failed, has no failed test to count: it is one failure.
function countTests() {
  let told;
  try {
    told = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    giveUp('vitest left no report');
  }
  const broken = told.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  const failed = told.numFailedTests + broken.length;
  return `${told.numPassedTests} passed, ${failed} failed, ${told.numPendingTests + told.numTodoTests} skipped`;
}
