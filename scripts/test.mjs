// npm test [args for vitest], npm run test:system [args], npm run test:e2b: prepares, runs the tests of one folder, and ends with
// `N passed, N failed, N skipped` from vitest's own report.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { giveUp, prepare, root } from './prepare.mjs';

const FOLDERS = ['test', 'test-system', 'test-e2b', 'test-compose'];

const args = process.argv.slice(2);
const folder = FOLDERS.includes(args[0]) ? args.shift() : 'test';

prepare();
const place = mkdtempSync(join(tmpdir(), 'evalpool-tests-'));
const report = join(place, 'report.json');
try {
  const status = runVitest();
  const told = readReport();
  for (const line of describeFailures(told)) console.log(line);
  console.log(countTests(told));
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

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    giveUp('vitest left no report');
  }
}

// Once more, shortly and last: whoever reads only the end of a long log sees what failed.
function describeFailures({ testResults }) {
  return testResults.flatMap((file) => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const whys = failed.map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`);
    if (isBroken(file)) whys.push(file.message);
    return whys.map((why) => `FAILED ${relative(root, file.name)}: ${why.slice(0, 1500)}`);
  });
}

// A file that could not be loaded, or whose hooks failed, has no failed test to count: it is one failure.
function isBroken({ status, assertionResults }) {
  return status === 'failed' && assertionResults.every((each) => each.status !== 'failed');
}

function countTests(told) {
  const failed = told.numFailedTests + told.testResults.filter(isBroken).length;
  return `${told.numPassedTests} passed, ${failed} failed, ${told.numPendingTests + told.numTodoTests} skipped`;
}
