import { setImmediate as breathe } from 'node:timers/promises';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import type { TestStatus } from '../../result.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

// saxes is linear, checks well-formedness and expands no entities of a document. A hostile report still takes its
// time: it is fed in pieces, so that the leases of this process are renewed meanwhile.

const CHUNK_CHARACTERS = 32 * 1024;
const MAX_DEPTH = 100;
const MAX_MESSAGE = 1_000;

/** Reads one JUnit XML report. Throws UnreadableReport unless it is whole and well-formed. */
export async function readJunit(bytes: Uint8Array, into: ReportedTests): Promise<void> {
  const text = decode(bytes);
  const parser = new SaxesParser();
  const cases = openCases(into);
  let depth = 0;
  parser.on('error', (error) => {
    throw new UnreadableReport(`it is not well-formed XML: ${error.message.slice(0, 200)}`);
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > MAX_DEPTH) throw new UnreadableReport(`its elements lie more than ${MAX_DEPTH} deep`);
    cases.open(tag);
  });
  parser.on('closetag', (tag) => {
    depth -= 1;
    cases.close(tag.name);
  });
  parser.on('text', (said) => cases.text(said));
  parser.on('cdata', (said) => cases.text(said));
  for (let at = 0; at < text.length; at += CHUNK_CHARACTERS) {
    parser.write(text.slice(at, at + CHUNK_CHARACTERS));
    await breathe();
  }
  parser.close();
}

function decode(bytes: Uint8Array): string {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0x3c && bytes[1] === 0);
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

const STATUSES: Readonly<Record<string, TestStatus>> = {
  failure: 'failed',
  error: 'error',
  skipped: 'skipped',
};

interface OpenCase {
  name: string;
  status: TestStatus;
  seconds: number;
  message: string;
}

// A test case is what lies between its tags; whatever of its verdicts comes first counts.
function openCases(into: ReportedTests): {
  open(tag: SaxesTagPlain): void;
  close(name: string): void;
  text(text: string): void;
} {
  let current: OpenCase | null = null;
  let inVerdict = false;
  return {
    open({ name, attributes }) {
      if (name === 'testcase') current = startCase(attributes);
      const status = STATUSES[name];
      if (current === null || status === undefined || current.status !== 'passed') return;
      current.status = status;
      current.message = attributes['message'] ?? '';
      inVerdict = true;
    },
    close(name) {
      if (STATUSES[name] !== undefined) inVerdict = false;
      if (name !== 'testcase' || current === null) return;
      const { seconds, ...test } = current;
      into.add(Number.isFinite(seconds) ? { ...test, seconds } : test);
      current = null;
    },
    text(text) {
      if (!inVerdict || current === null || current.message.length >= MAX_MESSAGE) return;
      const space = current.message === '' ? '' : '\n';
      current.message += space + text.trim().slice(0, MAX_MESSAGE);
    },
  };
}

function startCase(attributes: Record<string, string>): OpenCase {
  const [className, name] = [attributes['classname'] ?? '', attributes['name'] ?? ''];
  return {
    name: className === '' ? name : `${className}.${name}`,
    status: 'passed',
    seconds: Number.parseFloat(attributes['time'] ?? ''),
    message: '',
  };
}
