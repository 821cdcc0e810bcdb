/** Forms of test reports that can be read; `auto` finds out which by what the report holds. */
export const REPORT_FORMATS = [
  'auto',
  'junit',
  'tap',
  'pytest',
  'unittest',
  'go',
  'go-json',
  'cargo',
  'jest',
  'mocha',
  'ctrf',
] as const;

/** One of them. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** True for what a test runner writes only into a file; the others may also be read from the output of the tests. */
export function needsPath(format: ReportFormat): boolean {
  return format === 'junit' || format === 'ctrf';
}
