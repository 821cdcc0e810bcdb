import type { TestStatus } from '../../result.ts';
import { openPackage } from './go-package.ts';
import { eachShownLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

const STATUSES: Readonly<Record<string, TestStatus>> = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' };

/**
 * Reads what `go test -v` prints. A package of which only the end is told, as without `-v`, is one test of its name. Throws
 * UnreadableReport for tests whose package has no end.
 */
export async function readGo(text: string, into: ReportedTests): Promise<void> {
  let one = openPackage();
  await eachShownLine(text, (line) => {
    const told = line.trimStart();
    const begun = /^=== RUN +(\S+)/.exec(told)?.[1];
    if (begun !== undefined) return one.begin(begun);
    const [, word = '', name = '', seconds = ''] = /^--- ([A-Z]+): (\S+) \(([\d.]+)s\)/.exec(told) ?? [];
    const status = STATUSES[word];
    if (status !== undefined) return one.add({ name, status, seconds: Number(seconds) });
    const [, end = '', path = '', rest = ''] = /^(ok|FAIL|\?) *\t(\S+)(.*)/.exec(line) ?? [];
    if (path === '') return;
    if (end === 'ok' && one.untold)
      into.add({ name: path, status: rest.includes('[no test') ? 'skipped' : 'passed' });
    one.end({ name: path, status: end === 'FAIL' ? 'failed' : 'passed' }, into);
    one = openPackage();
  });
  if (!one.untold) throw new UnreadableReport('the package of its last tests has no end');
}
