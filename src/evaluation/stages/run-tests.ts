import { posix } from 'node:path';
import type { CommandExit } from '../../sandbox/sandbox.ts';
import type { Spec } from '../../spec.ts';
import { decidingGlobs } from './close-tests.ts';
import { bringBack, type Before } from './guard-build.ts';
import { markedOutput } from './marked-output.ts';
import { metLimit } from './met-limit.ts';
import { HOMELESS, type Desk, type How } from '../open-desk.ts';
import { MAX_REPORT_BYTES } from '../verdict/gather-report.ts';
import { runScript } from './run-script.ts';
import { quote, quoteGlob } from '../../shell-quote.ts';

/** How the test script ended. */
export interface TestRun extends CommandExit {
  /** Its standard output, kept only where the report is read from it; null when there was too much. */
  output: string | null;
  /** Which limit of the sandbox ended it, in words; null: none as far as one can tell. */
  limit: string | null;
}

/**
 * Runs the test script to its end. A report or reward that lies there from before is removed first: only a fresh one counts.
 * `before` the build: what the tests must find again.
 */
export async function runTests(desk: Desk, spec: Spec, before: Before | null): Promise<TestRun> {
  const heard = spec.report !== undefined && spec.report.path === undefined ? hearing(desk) : undefined;
  const guard = before === null ? undefined : await bringBack(desk, spec, before);
  const script = {
    text: spec.test,
    before: removeOld(spec),
    marked: heard !== undefined,
    ...(guard && { guard }),
  };
  const exit = await runScript(desk, spec, script, { ...heard, ...(guard && { env: HOMELESS }) });
  return { ...exit, output: heard?.output() ?? null, limit: metLimit(exit, desk.log.kept().content) };
}

// A folder that is not the user's to make is the template's.
function removeOld(spec: Spec): string {
  const globs = decidingGlobs(spec);
  if (globs.length === 0) return '';
  const folders = new Set((spec.reward?.path ?? []).map((path) => quote(posix.dirname(path))));
  const makeFolders = folders.size === 0 ? '' : `mkdir -p -- ${[...folders].join(' ')} 2>/dev/null\n`;
  return `( shopt -s nullglob globstar; rm -rf -- ${globs.map(quoteGlob).join(' ')} ) || exit 1\n${makeFolders}`;
}

function hearing({ log }: Desk): How & { output(): string | null } {
  const chunks: string[] = [];
  let characters = 0;
  const inside = (text: string): void => {
    log.write(text);
    characters += text.length;
    if (characters > MAX_REPORT_BYTES) chunks.length = 0;
    else chunks.push(text);
  };
  const marked = markedOutput(inside, (text) => log.write(text));
  return {
    unlogged: true,
    hear(chunk, stream) {
      if (stream === 'stdout') marked.take(chunk);
      else log.write(chunk);
    },
    output() {
      // Half of a report is none: whoever ended the script's shell may have written the rest.
      if (!marked.close()) return '';
      return characters > MAX_REPORT_BYTES ? null : chunks.join('');
    },
  };
}
