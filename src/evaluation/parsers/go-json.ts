import { z } from 'zod';
import type { TestStatus } from '../../result.ts';
import { openPackage, type GoPackage } from './go-package.ts';
import { shapeOf } from './json-document.ts';
import { eachLine } from './lines.ts';
import { UnreadableReport, type ReportedTests } from './reported.ts';

const Event = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
});

/** How an event ends a test or a package. */
const ENDS: Readonly<Record<string, TestStatus>> = { pass: 'passed', fail: 'failed', skip: 'skipped' };

/** Reads what `go test -json` prints. Throws UnreadableReport for a package that has no end. */
export async function readGoJson(text: string, into: ReportedTests): Promise<void> {
  const open = new Map<string, GoPackage>();
  await eachLine(text, (line) => {
    if (line.startsWith('{')) return readEvent(parseLine(line), open, into);
    // Before Go 1.24 this is said outside of JSON.
    const broken = /^FAIL\t(\S+) \[/.exec(line)?.[1];
    if (broken !== undefined) openPackage().end({ name: broken, status: 'failed' }, into);
  });
  const [name] = open.keys();
  if (name !== undefined) throw new UnreadableReport(`package ${name} has no end`);
}

function readEvent(event: z.output<typeof Event>, open: Map<string, GoPackage>, into: ReportedTests): void {
  if (event.Package === undefined) return;
  const one = open.get(event.Package) ?? openPackage();
  open.set(event.Package, one);
  const status = ENDS[event.Action];
  if (event.Test === undefined) {
    if (status === undefined) return;
    one.end({ name: event.Package, status }, into);
    open.delete(event.Package);
  } else if (status !== undefined) one.add({ name: event.Test, status, seconds: event.Elapsed ?? 0 });
  else if (event.Action === 'run') one.begin(event.Test);
}

function parseLine(line: string): z.output<typeof Event> {
  try {
    return shapeOf(Event, JSON.parse(line), 'one of its lines is no event');
  } catch (error) {
    if (error instanceof UnreadableReport) throw error;
    throw new UnreadableReport(`one of its lines is not whole JSON: ${line.slice(0, 100)}`);
  }
}
