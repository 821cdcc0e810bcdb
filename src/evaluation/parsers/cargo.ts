import type { TestStatus } from '../../result.ts';
import { eachShownLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

const STATUSES: Readonly<Record<string, TestStatus>> = {
  ok: 'passed',
  FAILED: 'failed',
  ignored: 'skipped',
};

interface TestBinary {
  counts: Record<TestStatus, number>;
  /** What failed tests have printed follows: it may look like anything. */
  tellsOutput: boolean;
}

/** Reads what `cargo test` prints. Throws UnreadableReport for a test binary without its result, or with another one. */
export async function readCargo(text: string, into: ReportedTests): Promise<void> {
  let open: TestBinary | null = null;
  await eachShownLine(text, (line) => {
    if (/^running \d+ tests?$/.test(line)) {
      if (open !== null && !open.tellsOutput) throw new UnreadableReport('a test binary has no result');
      open ??= { counts: { passed: 0, failed: 0, error: 0, skipped: 0, xfailed: 0 }, tellsOutput: false };
    } else if (line === 'failures:' && open !== null) open.tellsOutput = true;
    else if (line.startsWith('test result: ')) {
      checkResult(line, open);
      open = null;
    } else if (line.startsWith('test ') && open?.tellsOutput !== true) readTest(line, open, into);
  });
  if (open !== null) throw new UnreadableReport('its last test binary has no result');
}

function readTest(line: string, open: TestBinary | null, into: ReportedTests): void {
  const [, words = '', word = ''] = /^test (.+) \.\.\. (ok|FAILED|ignored)(?:,.*| <.*)?$/.exec(line) ?? [];
  const status = STATUSES[word];
  if (status === undefined) return;
  if (open === null) throw new UnreadableReport('it has a test outside of a test binary');
  open.counts[status] += 1;
  into.add({ name: words.replace(/ - should panic$/, ''), status });
}

function checkResult(line: string, open: TestBinary | null): void {
  const said = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line)?.slice(1);
  if (open === null || said === undefined)
    throw new UnreadableReport('it has a result without a test binary');
  const { passed, failed, skipped } = open.counts;
  if (said.join() !== [passed, failed, skipped].join())
    throw new UnreadableReport(
      `a result counts ${said.join(', ')} tests (passed, failed, ignored), of which ${passed}, ${failed}, ${skipped} are named`,
    );
}
