import { Parser, type FinalResults, type Result } from 'tap-parser';
import type { TestStatus } from '../../result.ts';
import { eachLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

// The parser calls itself for parts of a line: one of megabytes would be more than its stack.
const MAX_LINE = 16_000;
const MAX_DEPTH = 50;

/** Reads one TAP report, or output with TAP in it. Throws UnreadableReport unless its plan came and was kept. */
export async function readTap(text: string, into: ReportedTests): Promise<void> {
  let results: FinalResults | undefined;
  const parser = new Parser((final) => (results = final));
  listen(parser, into, 0);
  await eachLine(text, (line) => parser.write(`${line.slice(0, MAX_LINE)}\n`));
  parser.end();
  const broken = results === undefined ? 'it has no end' : whyNotWhole(results);
  if (broken !== null) throw new UnreadableReport(broken);
}

function listen(parser: Parser, into: ReportedTests, depth: number): void {
  if (depth > MAX_DEPTH) throw new UnreadableReport(`its subtests lie more than ${MAX_DEPTH} deep`);
  parser.on('assert', (result: Result) => {
    const test = { name: nameOf(result), status: statusOf(result) };
    into.add(result.time === null ? test : { ...test, seconds: result.time / 1000 });
  });
  parser.on('child', (child: Parser) => listen(child, into, depth + 1));
}

function nameOf(result: Result): string {
  return result.name === '' ? `${result.fullname} ${result.id}`.trim() : result.fullname;
}

// A test that is still to do may fail: TAP says so.
function statusOf(result: Result): TestStatus {
  if (result.skip !== false || result.todo !== false) return 'skipped';
  return result.ok ? 'passed' : 'failed';
}

function whyNotWhole(results: FinalResults): string | null {
  if (results.bailout !== false)
    return `the suite bailed out${results.bailout === true ? '' : `: ${results.bailout}`}`;
  const violated = results.failures.find((failure) => typeof failure.tapError === 'string');
  return violated === undefined ? null : `its TAP is not whole: ${violated.tapError}`;
}
