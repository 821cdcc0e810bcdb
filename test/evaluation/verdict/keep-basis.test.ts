import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepBasis, readKept } from '../../../src/evaluation/verdict/keep-basis.ts';
import { readReport } from '../../../src/evaluation/verdict/read-report.ts';
import type { KeptReport } from '../../../src/result.ts';
import { startSimulatedServer } from '../../sandbox-server/start-test-server.ts';
import { openBench, type Bench } from '../try-spec.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench(startSimulatedServer);
});
afterAll(() => bench.close());

const junit = (path: string) => ({ format: 'junit', path }) as const;

test.each([
  ['from the output', 'sim 0.1 err 1k tap pass 2 fail 1', { format: 'tap' }],
  ['from a file', 'sim 0.1 junit out/a.xml pass 2 fail 1', junit('out/a.xml')],
  ['from several files', 'sim 0.1 junit out/a.xml junit out/b.xml pass 2 fail 1', junit('out/*.xml')],
  ['that cannot be read', 'sim 0.1 write out/a.xml <testsuite', junit('out/a.xml')],
  ['that is not there', 'sim 0.1', junit('out/a.xml')],
] as const)('a report %s is kept and read again as it was', async (_, script, report) => {
  const tried = await bench.attempt({ test: script, report });
  const kept: KeptReport = tried.basis?.report ?? { blob: null, files: [], unread: null };
  const again = await readReport({ report }, await readKept(bench.blobs, kept));
  expect(again).not.toBeNull();
  expect(again?.tests).toEqual(tried.tests);
  expect(again?.problem === null || tried.message.startsWith(again?.problem ?? '')).toBe(true);
});

test('nothing is kept of a report that is too large for it, and that is no failure', async () => {
  const noise = randomBytes(9 * 1024 * 1024);
  const basis = await keepBasis(
    { blobs: bench.blobs, keyPrefix: 'a/b/1' },
    { signal: null, limit: null },
    { files: [noise], unread: null },
  );
  expect(basis.report).toEqual({ blob: null, files: [noise.byteLength], unread: null });
  expect(await readKept(bench.blobs, basis.report!)).toBeNull();
});

test('tests that did not end leave no basis', async () => {
  const tried = await bench.attempt({ test: 'sim 60', timeouts: { test: 0.2 } });
  expect(tried).toMatchObject({ code: 'TEST_TIMED_OUT', basis: null });
});
