import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../../fixtures/listen.ts';
import { makeRepo, openBench, type Bench } from '../try-spec.ts';

let bench: Bench;
let repo: { path: string; commits: string[] };
beforeAll(async () => {
  bench = await openBench();
  repo = makeRepo(
    bench.folder,
    { 'a.txt': 'one\n' },
    { 'a.txt': 'two\n', 'b/c.txt': 'c\n' },
    { 'a.txt': 'three\n' },
  );
});
afterAll(() => bench.close());

const AT =
  'git rev-parse HEAD; git log --oneline | wc -l; cat a.txt; git status --porcelain; git diff --stat';

test('a local repo is fetched by the evaluator, exactly the commit and nothing else', async () => {
  const tried = await bench.attempt({ repo: repo.path, ref: repo.commits[1] ?? '', test: AT });
  expect(tried).toMatchObject({ code: '', tail: `${repo.commits[1]}\n1\ntwo` });
  expect(await tried.log('fetch')).toBe(`fetched ${repo.commits[1]}\n`);
});

test('a file: address, a branch, an abbreviated commit and no ref at all are fetched too', async () => {
  const tails = [];
  for (const spec of [
    { repo: `file://${repo.path}` },
    { repo: repo.path, ref: 'main' },
    { repo: repo.path, ref: repo.commits[0]?.slice(0, 9) ?? '' },
  ]) {
    tails.push((await bench.attempt({ ...spec, test: 'cat a.txt' })).tail);
  }
  expect(tails).toEqual(['three', 'three', 'one']);
});

test('a 3-way patch and a diff work on what the evaluator sent', async () => {
  const setup =
    'echo x >> b/c.txt; git diff > /tmp/d; git checkout -q b; git apply --3way /tmp/d; git status --porcelain | grep -q c.txt';
  expect(await bench.attempt({ repo: repo.path, setup })).toMatchObject({ code: '' });
});

test('the repo lies where the spec wants it', async () => {
  const tried = await bench.attempt({ repo: repo.path, repoDir: "/tmp/it's here", test: 'pwd; cat a.txt' });
  expect(tried.tail).toBe("/tmp/it's here\nthree");
});

/** Adds a submodule to the repo at a path, as its author would. */
function addSubmodule(at: string, what: string, where: string): void {
  const git = ['-c', 'protocol.file.allow=always', '-c', 'user.name=t', '-c', 'user.email=t@t'];
  execFileSync('git', [...git, 'submodule', '--quiet', 'add', what, where], { cwd: at, stdio: 'pipe' });
  execFileSync('git', [...git, 'commit', '-q', '-m', 'sub'], { cwd: at });
}

test('submodules come along, theirs too, only when asked for', async () => {
  const inner = makeRepo(bench.folder, { 'inner.txt': 'inner\n' });
  const middle = makeRepo(bench.folder, { 'middle.txt': 'middle\n' });
  const outer = makeRepo(bench.folder, { 'outer.txt': 'outer\n' });
  addSubmodule(middle.path, inner.path, 'in ner');
  addSubmodule(outer.path, `../${middle.path.split('/').at(-1)}`, 'libs/middle');
  const look = 'cat outer.txt libs/middle/middle.txt "libs/middle/in ner/inner.txt"; git status --porcelain';
  expect(await bench.attempt({ repo: outer.path, submodules: true, test: look })).toMatchObject({
    code: '',
    tail: 'outer\nmiddle\ninner',
  });
  expect(await bench.attempt({ repo: outer.path, test: look })).toMatchObject({ code: 'TESTS_FAILED' });
});

test('a local repo cannot be fetched in the sandbox', async () => {
  const tried = await bench.attempt({ repo: repo.path, fetch: 'sandbox' });
  expect(tried).toMatchObject({ code: 'REPO_FORBIDDEN', stage: 'fetch' });
});

test('git in the sandbox says what keeps it from fetching', async () => {
  const tried = await bench.attempt({
    repo: 'https://user:secret-token@git.invalid/a.git',
    fetch: 'sandbox',
  });
  expect(tried).toMatchObject({ code: 'FETCH_FAILED', stage: 'fetch' });
  expect(tried.message).toMatch(
    /https:\/\/git\.invalid\/a\.git.*fatal: unable to access.*could not resolve/i,
  );
  expect(JSON.stringify(tried) + (await tried.log('fetch'))).not.toContain('secret-token');
});

test('a sandbox without network leaves the fetch to the evaluator', async () => {
  const silent = createServer((_, response) => response.writeHead(404).end());
  const url = await listen(silent);
  const tried = await bench.attempt({ repo: `${url}/a.git` });
  silent.close();
  expect(tried).toMatchObject({ code: 'FETCH_FAILED', message: expect.stringContaining('not found') });
});

test('a remote that never answers is a time-out of the fetch', async () => {
  const silent = createServer(() => undefined);
  const url = await listen(silent);
  const tried = await bench.attempt({
    repo: `${url}/a.git`,
    fetch: 'evaluator',
    timeouts: { fetch: 1 },
  });
  silent.closeAllConnections();
  silent.close();
  expect(tried).toMatchObject({ code: 'FETCH_TIMED_OUT', stage: 'fetch' });
});
