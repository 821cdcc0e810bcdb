import { needsPath, REPORT_FORMATS, type ReportFormat } from '../../../report-format.ts';

// SWE-bench's names of parsers, without `parse_log_`. Those of single repos are names of the general ones there, too.
const ALIASES: Readonly<Record<string, ReportFormat>> = {
  pytest_v2: 'pytest',
  pytest_options: 'pytest',
  astroid: 'pytest',
  astropy: 'pytest',
  flask: 'pytest',
  marshmallow: 'pytest',
  matplotlib: 'pytest',
  pvlib: 'pytest',
  pydicom: 'pytest',
  pylint: 'pytest',
  pyvista: 'pytest',
  requests: 'pytest',
  scikit: 'pytest',
  seaborn: 'pytest',
  sphinx: 'pytest',
  sqlfluff: 'pytest',
  xarray: 'pytest',
  django: 'unittest',
  gotest: 'go',
};

// What these read is the text that a runner prints, which names tests in another way than its JSON.
const OTHER_TEXT = ['parse_log_jest', 'parse_log_jest_json', 'parse_log_mocha'];

const NAMES = [...REPORT_FORMATS.filter((format) => !needsPath(format)), ...Object.keys(ALIASES)];

/** The format of report that a log parser of SWE-bench reads, or in words why there is none. */
export function reportFormatOf(parser: string): { format: ReportFormat } | { refused: string } {
  const name = parser.replace(/^parse_log_/, '');
  const own = REPORT_FORMATS.find((format) => format === name);
  const format = OTHER_TEXT.includes(parser) ? undefined : (own ?? ALIASES[name]);
  if (format !== undefined) return { format };
  const known = NAMES.toSorted().join(', ');
  const refused =
    `cannot be read: ${JSON.stringify(parser.slice(0, 80))} (known: ${known}); let the tests write a report that can,` +
    ' and say which by `report` in the table of templates';
  return { refused };
}
