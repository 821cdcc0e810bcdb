import type { ReportFormat } from '../../report-format.ts';
import { readCargo } from './cargo.ts';
import { readCtrf } from './ctrf.ts';
import { detectFormat } from './detect-format.ts';
import { readGoJson } from './go-json.ts';
import { readGo } from './go.ts';
import { readJest } from './jest.ts';
import { readJunit } from './junit.ts';
import { readMocha } from './mocha.ts';
import { readPytest } from './pytest.ts';
import type { ReportedTests } from './reported.ts';
import { readTap } from './tap.ts';
import { readUnittest } from './unittest.ts';

type Parser = (text: string, into: ReportedTests) => Promise<void>;

/** How each format is read. */
const PARSERS: Readonly<Record<Exclude<ReportFormat, 'auto'>, Parser>> = {
  junit: readJunit,
  tap: readTap,
  pytest: readPytest,
  unittest: readUnittest,
  go: readGo,
  'go-json': readGoJson,
  cargo: readCargo,
  jest: readJest,
  mocha: readMocha,
  ctrf: readCtrf,
};

/** Reads one report, or output with one in it. Throws UnreadableReport for one that is not whole, or not of this format. */
export async function parseReport(
  format: ReportFormat,
  bytes: Uint8Array,
  into: ReportedTests,
): Promise<void> {
  const text = decode(bytes);
  await PARSERS[format === 'auto' ? await detectFormat(text) : format](text, into);
}

// Windows writes UTF-16. Bytes that are no text become U+FFFD.
function decode(bytes: Uint8Array): string {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0x3c && bytes[1] === 0);
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
