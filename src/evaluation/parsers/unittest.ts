import type { TestStatus } from '../../result.ts';
import { eachShownLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

const VERDICTS: Readonly<Record<string, TestStatus>> = {
  ok: 'passed',
  FAIL: 'failed',
  ERROR: 'error',
  skipped: 'skipped',
  'expected failure': 'xfailed',
  'unexpected success': 'failed',
};

interface Run {
  /** A test whose verdict is still to come, since something was printed in between. */
  waiting: string | null;
  /** Tests that the runner counts, too. */
  named: number;
  failed: boolean;
  /** `Ran …` came, and the runner's verdict is next. */
  ran: boolean;
}

const begin = (): Run => ({ waiting: null, named: 0, failed: false, ran: false });

/**
 * Reads what Python's `unittest -v` (and Django's runner) prints on standard error. Names are what stands before ` ... `: the
 * first line of a test's docstring where it has one, as SWE-bench has it. Throws UnreadableReport for a run without an end.
 */
export async function readUnittest(text: string, into: ReportedTests): Promise<void> {
  let run = begin();
  await eachShownLine(text, (line) => {
    const ran = /^Ran (\d+) tests? in /.exec(line)?.[1];
    if (ran !== undefined) endTests(run, Number(ran));
    else if (run.ran && /^(?:OK|FAILED|NO TESTS RAN)\b/.test(line)) {
      if (line.startsWith('FAILED') && !run.failed)
        throw new UnreadableReport('it says that tests failed, and names none');
      run = begin();
    } else readTest(line, run, into);
  });
  if (run.ran || run.named > 0 || run.failed) throw new UnreadableReport('its last run has no end');
}

function endTests(run: Run, ran: number): void {
  if (run.named < ran)
    throw new UnreadableReport(`it ran ${ran} tests and names ${run.named}: run unittest with -v`);
  run.ran = true;
}

function readTest(line: string, run: Run, into: ReportedTests): void {
  const { name, verdict } = split(line, run.waiting);
  if (name === null) return;
  if (verdict === undefined) {
    run.waiting = name;
    return;
  }
  const failing = verdict === 'failed' || verdict === 'error';
  const subtest = line.startsWith('  ');
  // A test with a failed subtest gets no verdict of its own.
  if (subtest && failing && run.waiting !== null) {
    into.add({ name: run.waiting, status: 'failed' });
    run.named += 1;
  }
  if (!subtest || failing) run.waiting = null;
  into.add({ name, status: verdict });
  if (!subtest && !/^(?:setUp|tearDown)(?:Class|Module) /.test(name)) run.named += 1;
  run.failed ||= failing;
}

function split(line: string, waiting: string | null): { name: string | null; verdict?: TestStatus } {
  const alone = VERDICTS[line];
  if (waiting !== null && alone !== undefined) return { name: waiting, verdict: alone };
  const skipped = line.indexOf(' ... skipped ');
  const at = skipped === -1 ? line.lastIndexOf(' ... ') : skipped;
  const verdict = at === -1 ? undefined : VERDICTS[skipped === -1 ? line.slice(at + 5) : 'skipped'];
  if (verdict !== undefined) return { name: line.slice(0, at).trimStart(), verdict };
  const open = `${line} `.indexOf(' ... ');
  return { name: open === -1 ? null : line.slice(0, open).trimStart() };
}
