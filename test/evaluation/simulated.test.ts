import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulatedServer } from '../sandbox-server/start-test-server.ts';
import { makeRepo, openBench, type Bench } from './try-spec.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench(startSimulatedServer);
});
afterAll(() => bench.close());

const junit = { format: 'junit', path: 'report.xml' } as const;

test('an evaluation goes through every stage of a simulated sandbox', async () => {
  const repo = makeRepo(bench.folder, { 'a.txt': 'one\n' });
  const tried = await bench.attempt({
    repo: repo.path,
    setup: 'sim 0.1 out 1k',
    patch: '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n',
    build: ['make', 'sim 0.1'],
    test: 'sim 0.2 out 2k junit report.xml pass 3 skip 1',
    report: junit,
    artifacts: ['report.xml', 'none'],
  });
  expect(tried).toMatchObject({ code: '', exitCode: 0 });
  expect(tried.stages.map(({ stage }) => stage)).toEqual([
    'create',
    'fetch',
    'setup',
    'patch',
    'build',
    'test',
    'collect',
    'destroy',
  ]);
  expect(tried.tests.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed', 'skipped']);
  expect(tried.artifacts.map(({ path }) => path)).toEqual(['report.xml']);
  expect(await tried.log('test')).toHaveLength(2048);
});

test.each([
  [{ test: 'sim 0.1 exit 1' }, 'TESTS_FAILED'],
  [{ test: 'sim 0.1 exit 127' }, 'NO_TESTS'],
  [{ test: 'sim 0.1 signal KILL' }, 'LIMITS'],
  [{ test: 'sim 60', timeouts: { test: 0.2 } }, 'TEST_TIMED_OUT'],
  [{ test: 'true', build: 'sim 0.1 exit 2' }, 'BUILD_FAILED'],
  [{ test: 'true', setup: 'sim 0.1 exit 2' }, 'SETUP_FAILED'],
  [{ test: 'sim 0.1 junit report.xml pass 2 fail 1', report: junit }, 'TESTS_FAILED'],
  [{ test: 'sim 0.1', report: junit }, 'NO_TESTS'],
  [{ test: 'sim 0.1 tap pass 2', report: { format: 'tap' } }, ''],
  [{ test: 'sim 0.1 tap pass 2 fail 1', report: { format: 'tap' } }, 'TESTS_FAILED'],
  [{ test: 'sim 0.1 junit out/a/b.xml pass 2', report: { format: 'junit', path: 'out/**/*.xml' } }, ''],
  [{ test: 'sim 0.1 exit 3', shell: 'bash -e' }, 'TESTS_FAILED'],
  [{ files: { 'a.txt': 'a' }, test: '#sim 0.1 exit 1\ntrue' }, 'TESTS_FAILED'],
] as const)('%o ends as %s', async (spec, code) => {
  expect(await bench.attempt(spec)).toMatchObject({ code });
});
