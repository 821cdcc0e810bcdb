import { harmlessLine } from '../../harmless-text.ts';
import type { ReportFormat } from '../../report-format.ts';
import { eachShownLine } from './lines.ts';
import { UnreadableReport } from './reported.ts';

type Format = Exclude<ReportFormat, 'auto'>;

// A line of this form is written by that runner. Lines of failed tests are among them, so that none is overlooked.
const LINES: ReadonlyArray<[Format, RegExp]> = [
  ['tap', /^\s*(?:not ok|ok \d|1\.\.\d)|^TAP version \d/],
  [
    'pytest',
    /^=+ (?:test session starts|short test summary info) =|^(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+::/,
  ],
  ['unittest', /^Ran \d+ tests? in |^(?!test ).* \.\.\. (?:ok|FAIL|ERROR)$/],
  ['go', /^\s*--- (?:PASS|FAIL|SKIP): |^(?:ok|FAIL|\?) *\t\S+\t/],
  ['go-json', /^\{.*"Action":"/],
  ['cargo', /^running \d+ tests?$|^test result: |^test .* \.\.\. (?:ok|FAILED|ignored)/],
];

// What no other format has, wherever it stands.
const PARTS: ReadonlyArray<[Format, string]> = [
  ['junit', '<testcase'],
  ['jest', '"assertionResults"'],
  ['mocha', '"fullTitle"'],
  ['ctrf', '"CTRF"'],
];

/**
 * Finds out by its content which format a report has. Throws UnreadableReport if it is none, or could be several: a wrong guess
 * could overlook a failed test.
 */
export async function detectFormat(text: string): Promise<Format> {
  const whole = text.trim();
  if (whole === '') throw new UnreadableReport('it is empty');
  if (whole.startsWith('<')) return 'junit';
  const seen = new Set<Format>();
  for (const [format, part] of PARTS) if (whole.includes(part)) seen.add(format);
  if (seen.size === 0 && /"status": ?"failed"/.test(whole)) seen.add('ctrf');
  await eachShownLine(whole, (line) => {
    for (const [format, form] of LINES) if (form.test(line)) seen.add(format);
  });
  const [found] = seen;
  if (found === undefined)
    throw new UnreadableReport(
      `it is in no known format; it begins with: ${harmlessLine(whole.slice(0, 200), 80)}`,
    );
  if (seen.size > 1)
    throw new UnreadableReport(`it could be ${[...seen].join(' or ')}: name its format in report.format`);
  return found;
}
