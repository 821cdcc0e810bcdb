import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SpecInput } from '../../src/spec.ts';
import { makeRepo, openBench, type Bench } from '../evaluation/try-spec.ts';

/** One cheat: a submission that does not solve the task. */
export interface Cheat {
  name: string;
  /** The author's spec, but for repo and submission. */
  spec: Partial<SpecInput>;
  /** What the submission changes: files by name, or whatever else is done to a clone of the repo. */
  does:
    | Readonly<Record<string, string>>
    | ((at: (path: string) => string) => void)
    | { submits: Partial<SpecInput> };
  /** The code that it must end with, or one of two where it is a race; '': it passes, and docs/outcomes.md says so. */
  ends: string;
}

/** The task: sum.sh and sum.mjs subtract where they should add. Tests run sum.sh in a process of its own, load sum.mjs in theirs. */
const REPO = {
  'sum.sh': 'echo $(($1 - $2))\n',
  'sum.mjs': 'export const sum = (a, b) => a - b;\n',
  'build.sh': 'true\n',
  'package.json': '{ "type": "module", "scripts": { "test": "node --test --test-reporter=tap" } }\n',
  'tests/run.sh': `n=0 status=0
check() {
  n=$((n + 1))
  if [ "$(bash sum.sh $2 $3)" = "$4" ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; status=1; fi
}
if [ -f conftest.sh ]; then . ./conftest.sh; fi
check adds 2 2 4
check 'adds nothing' 1 0 1
echo "1..$n"
exit $status
`,
  'test/sum.test.mjs': `import { equal } from 'node:assert';
import { test } from 'node:test';
import { sum } from '../sum.mjs';
test('adds', () => equal(sum(2, 2), 4));
test('adds nothing', () => equal(sum(1, 0), 1));
`,
};

const HONEST = {
  'sum.sh': 'echo $(($1 + $2))\n',
  'sum.mjs': 'export const sum = (a, b) => a + b;\n',
};

/** A test patch of the author: the tests of the repo, and one more. */
const TESTS = {
  'tests/run.sh': REPO['tests/run.sh'].replace('check adds 2 2 4', 'check adds 2 2 4\ncheck adds-more 3 4 7'),
  'test/sum.test.mjs': `${REPO['test/sum.test.mjs']}test('adds-more', () => equal(sum(3, 4), 7));\n`,
};

/** Where cheats are tried. */
export interface Arena extends Bench {
  /** The code that a cheat ends with. */
  try(cheat: Cheat): Promise<string>;
  /** The code that an honest submission to the same spec ends with. */
  tryHonest(spec: Partial<SpecInput>): Promise<string>;
}

/** Opens one. A spec with `testPatch: 'tests'` gets the author's. */
export async function openArena(): Promise<Arena> {
  const bench = await openBench();
  const repo = makeRepo(bench.folder, REPO).path;
  const honest = new Map<string, Promise<string>>();
  const diffOf = (does: Exclude<Cheat['does'], { submits: unknown }>): string =>
    diff(bench.folder, repo, does);
  const attempt = async (spec: Partial<SpecInput>, submission: Partial<SpecInput>): Promise<string> => {
    const testPatch = spec.testPatch === undefined ? {} : { testPatch: diffOf(TESTS) };
    const tried = await bench.attempt({ ...spec, ...testPatch, ...submission, repo });
    return tried.code;
  };
  return {
    ...bench,
    try: ({ spec, does }) => attempt(spec, isSubmission(does) ? does.submits : { patch: diffOf(does) }),
    tryHonest(spec) {
      const key = JSON.stringify(spec);
      const tried = honest.get(key) ?? attempt(spec, { patch: diffOf(HONEST) });
      honest.set(key, tried);
      return tried;
    },
  };
}

function isSubmission(does: Cheat['does']): does is { submits: Partial<SpecInput> } {
  return typeof does === 'object' && typeof does['submits'] === 'object';
}

function diff(folder: string, repo: string, does: Exclude<Cheat['does'], { submits: unknown }>): string {
  const clone = mkdtempSync(join(folder, 'clone-'));
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: clone, encoding: 'utf8' });
  git('clone', '-q', repo, '.');
  const at = (path: string): string => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    return join(clone, path);
  };
  if (typeof does === 'function') does(at);
  else for (const [path, text] of Object.entries(does)) writeFileSync(at(path), text);
  git('add', '-Af');
  return git('diff', '--cached', '--binary');
}
