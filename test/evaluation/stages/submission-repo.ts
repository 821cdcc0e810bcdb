import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeRepo, openBench, type Bench } from '../try-spec.ts';

/** A bench with a repo that submissions are made for. */
export interface SubmissionBench extends Bench {
  repo: string;
  /** The diff that turns the repo into what `change` makes of a clone of it. */
  diffOf(change: (at: (path: string) => string) => void): string;
  /** A test patch: tests/check.txt from `old check` to `new check`. */
  newCheck(): string;
}

/** Opens one. The repo holds src.txt (20 lines), run.sh, tests/check.txt and tests/kept.txt. */
export async function openSubmissionBench(): Promise<SubmissionBench> {
  const bench = await openBench();
  const repo = makeRepo(bench.folder, {
    'src.txt': lines(20),
    'tests/check.txt': 'old check\n',
    'tests/kept.txt': 'kept\n',
    'run.sh': 'echo ran\n',
  }).path;
  const diffOf: SubmissionBench['diffOf'] = (change) => {
    const clone = mkdtempSync(join(bench.folder, 'clone-'));
    execFileSync('git', ['clone', '-q', repo, clone]);
    change((path) => {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      return join(clone, path);
    });
    execFileSync('git', ['add', '-A'], { cwd: clone });
    return execFileSync('git', ['diff', '--cached', '--binary'], { cwd: clone, encoding: 'utf8' });
  };
  const newCheck = (): string => diffOf((at) => writeFileSync(at('tests/check.txt'), 'new check\n'));
  return { ...bench, repo, diffOf, newCheck };
}

/** So many numbered lines. */
export function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `line ${n}\n`).join('');
}
