import { posix } from 'node:path';
import type { CommandExit } from '../sandbox/sandbox.ts';
import type { Spec } from '../spec.ts';
import { decidingGlobs } from './close-tests.ts';
import { metLimit } from './met-limit.ts';
import type { Desk } from './open-desk.ts';
import { MAX_REPORT_BYTES } from './gather-report.ts';
import { runScript } from './run-script.ts';
import { quote, quoteGlob } from '../shell-quote.ts';

/** How the test script ended. */
export interface TestRun extends CommandExit {
  /** Its standard output, kept only where the report is read from it; null when there was too much. */
  output: string | null;
  /** Which limit of the sandbox ended it, in words; null: none as far as one can tell. */
  limit: string | null;
}

/** Runs the test script to its end. A report or reward that lies there from before is removed first: only a fresh one counts. */
export async function runTests(desk: Desk, spec: Spec): Promise<TestRun> {
  const heard = spec.report !== undefined && spec.report.path === undefined ? hearing() : undefined;
  const exit = await runScript(desk, spec, { text: spec.test, before: removeOld(spec) }, heard?.hear);
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

function hearing(): { hear: (chunk: string, stream: 'stdout' | 'stderr') => void; output(): string | null } {
  const chunks: string[] = [];
  let characters = 0;
  return {
    hear(chunk, stream) {
      if (stream !== 'stdout') return;
      characters += chunk.length;
      if (characters > MAX_REPORT_BYTES) chunks.length = 0;
      else chunks.push(chunk);
    },
    output: () => (characters > MAX_REPORT_BYTES ? null : chunks.join('')),
  };
}
