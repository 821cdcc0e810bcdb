import type { TestStatus } from '../../result.ts';
import { eachShownLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

const WORDS: Readonly<Record<string, { status: TestStatus; counted: string }>> = {
  PASSED: { status: 'passed', counted: 'passed' },
  FAILED: { status: 'failed', counted: 'failed' },
  SUBFAILED: { status: 'failed', counted: 'failed' },
  ERROR: { status: 'error', counted: 'error' },
  SKIPPED: { status: 'skipped', counted: 'skipped' },
  XFAIL: { status: 'xfailed', counted: 'xfailed' },
  XPASS: { status: 'passed', counted: 'xpassed' },
};

const LINE = /^(PASSED|FAILED|SUBFAILED|ERROR|SKIPPED|XFAIL|XPASS)(?:[[(][^\])]*[\])])? (\S.*)$/;
const END = /^=* ?((?:no tests ran|\d+ [a-z ]+)(?:, \d+ [a-z ]+)*) in \d+(?:\.\d+)?s/;

/**
 * Reads the short test summary of `pytest -rA`. The same line of a failed test counts wherever it stands, one of a passed test only
 * in a summary. Throws UnreadableReport without the last line that counts the tests, or if it counts more than are named.
 */
export async function readPytest(text: string, into: ReportedTests): Promise<void> {
  const named = new Map<string, number>();
  let [inSummary, ended, unended] = [false, false, false];
  await eachShownLine(text, (line) => {
    const counts = END.exec(line)?.[1];
    if (counts !== undefined) {
      [inSummary, ended, unended] = [false, true, false];
      refuseUnnamed(counts, named);
    } else if (line.startsWith('=')) inSummary = line.includes(' short test summary info ');
    else unended = readTest(line, inSummary, { into, named }) || unended;
  });
  if (unended || (into.tests.length > 0 && !ended)) throw new UnreadableReport('its summary has no end');
}

function readTest(
  line: string,
  inSummary: boolean,
  { into, named }: { into: ReportedTests; named: Map<string, number> },
): boolean {
  const [, word = '', rest = ''] = LINE.exec(line) ?? [];
  const kind = WORDS[word];
  if (kind === undefined) return false;
  const failing = kind.status === 'failed' || kind.status === 'error';
  if (!inSummary && !(failing && rest.includes('::'))) return false;
  const [, times = '1', place = ''] = (word === 'SKIPPED' && /^\[(\d+)\] (.*)$/.exec(rest)) || [];
  const [name, message] = place === '' ? splitId(rest, ' - ') : splitId(place, ': ');
  named.set(kind.counted, (named.get(kind.counted) ?? 0) + Number(times));
  into.add({ name, status: kind.status, message });
  return true;
}

// A parameter may hold anything, also what stands between a name and its message.
function splitId(text: string, between: string): [id: string, message: string] {
  const first = text.indexOf(between);
  const bracket = text.indexOf('[');
  if (first === -1 || text.endsWith(']')) return [text, ''];
  const at = bracket === -1 || bracket > first ? first : text.indexOf(`]${between}`, bracket) + 1 || first;
  return [text.slice(0, at), text.slice(at + between.length)];
}

function refuseUnnamed(counts: string, named: ReadonlyMap<string, number>): void {
  for (const part of counts.split(', ')) {
    const [count = '', word = ''] = part.split(' ');
    const counted = word.replace(/^errors$/, 'error');
    if (!Object.values(WORDS).some((each) => each.counted === counted)) continue;
    const names = named.get(counted) ?? 0;
    if (names < Number(count))
      throw new UnreadableReport(`it counts ${part} and names ${names}: run pytest with -rA`);
  }
}
