import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdLock } from '../../../src/evaluation/fetch/hold-lock.ts';
import { openMirrors, type Mirrors, type PackedCommit } from '../../../src/evaluation/fetch/mirrors.ts';
import { blameOwnDisk } from '../../../src/evaluation/fetch/own-disk.ts';
import { GitError } from '../../../src/evaluation/fetch/run-git.ts';
import { makeRepo } from '../try-spec.ts';

let folder: string;
let mirrors: Mirrors;
const never = new AbortController().signal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-mirrors-'));
  mirrors = openMirrors(join(folder, 'mirrors'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The names in a pack's commit, seen by a repo that has nothing else. */
function unpack(packed: PackedCommit): { files: string; objects: number; commits: number } {
  const fresh = mkdtempSync(join(folder, 'fresh-'));
  git(fresh, 'init', '-q', '.');
  execFileSync('cp', [packed.pack, join(fresh, '.git/objects/pack/pack-1.pack')]);
  execFileSync('cp', [packed.index, join(fresh, '.git/objects/pack/pack-1.idx')]);
  writeFileSync(join(fresh, '.git/shallow'), `${packed.commit}\n`);
  git(fresh, 'checkout', '-q', packed.commit);
  git(fresh, 'fsck', '--connectivity-only');
  const objects = Number(/in-pack: (\d+)/.exec(git(fresh, 'count-objects', '-v'))?.[1]);
  return {
    files: git(fresh, 'ls-files'),
    objects,
    commits: git(fresh, 'log', '--oneline').split('\n').length,
  };
}

test('a commit, a tag, a branch and the head are each packed without their history', async () => {
  const { path, commits } = makeRepo(folder, { a: '1' }, { a: '2', b: '3' }, { c: '4' });
  git(path, 'tag', '-a', '-m', 'x', 'v2', commits[1] ?? '');
  git(path, 'branch', 'old', commits[0] ?? '');
  const names = [commits[1] ?? '', 'v2', 'old', 'HEAD'];
  const packed = await Promise.all(names.map((ref) => mirrors.packCommit(path, ref, never)));
  expect(packed.map((each) => each.commit)).toEqual([commits[1], commits[1], commits[0], commits[2]]);
  expect(packed.map((each) => unpack(each).files)).toEqual(['a\nb', 'a\nb', 'a', 'a\nb\nc']);
  expect(packed.slice(3).map(unpack)[0]).toMatchObject({ objects: 5, commits: 1 });
});

test('an abbreviated commit is found on its branch', async () => {
  const { path, commits } = makeRepo(folder, { a: '1' }, { a: '2' });
  expect((await mirrors.packCommit(path, commits[0]?.slice(0, 8) ?? '', never)).commit).toBe(commits[0]);
});

test('a commit that is here already costs no fetch', async () => {
  const { path, commits } = makeRepo(folder, { a: '1' });
  await mirrors.packCommit(path, commits[0] ?? '', never);
  rmSync(path, { recursive: true });
  expect((await mirrors.packCommit(path, commits[0] ?? '', never)).commit).toBe(commits[0]);
});

test('a branch that moved is fetched again', async () => {
  const { path, commits } = makeRepo(folder, { a: '1' });
  await mirrors.packCommit(path, 'main', never);
  git(path, '-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '--allow-empty', '-m', 'next');
  const moved = await mirrors.packCommit(path, 'main', never);
  expect(moved.commit).not.toBe(commits[0]);
});

test.each([
  ['nothing', 'REF_NOT_FOUND'],
  ['0123456789012345678901234567890123456789', 'REF_NOT_FOUND'],
  ['abcdef12', 'REF_NOT_FOUND'],
])('the ref %s that is not there is the spec’s fault', async (ref, code) => {
  const { path } = makeRepo(folder, { a: '1' });
  await expect(mirrors.packCommit(path, ref, never)).rejects.toMatchObject({ code });
});

test('a repo that is not there says so in git’s own words', async () => {
  await expect(mirrors.packCommit(join(folder, 'none'), 'main', never)).rejects.toMatchObject({
    code: 'FETCH_FAILED',
    message: expect.stringContaining('does not appear to be a git repository'),
  });
});

test('hooks and settings of the repo run nothing on our side', async () => {
  const { path } = makeRepo(folder, { a: '1' });
  const mark = join(folder, 'ran');
  for (const hook of ['post-checkout', 'reference-transaction', 'pre-push', 'post-update']) {
    writeFileSync(join(path, '.git/hooks', hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  }
  git(path, 'config', 'core.fsmonitor', `touch ${mark}`);
  git(path, 'config', 'uploadpack.packObjectsHook', `touch ${mark}; exec`);
  git(path, 'config', 'core.sshCommand', `touch ${mark}`);
  await mirrors.packCommit(path, 'main', never);
  expect(existsSync(mark)).toBe(false);
});

test('a mirror that a killed process left locked or damaged is made anew', async () => {
  const { path } = makeRepo(folder, { a: '1' });
  const { mirror } = await mirrors.packCommit(path, 'main', never);
  writeFileSync(join(mirror, 'shallow.lock'), '');
  git(path, '-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '--allow-empty', '-m', 'next');
  await mirrors.packCommit(path, 'main', never);
  writeFileSync(join(mirror, 'HEAD'), 'garbage');
  git(path, '-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '--allow-empty', '-m', 'third');
  const third = await mirrors.packCommit(path, 'main', never);
  expect(unpack(third).files).toBe('a');
});

test('many at once, in several processes, pack every commit once', async () => {
  const { path, commits } = makeRepo(folder, ...Array.from({ length: 8 }, (_, n) => ({ [`f${n}`]: `${n}` })));
  const program = `import { openMirrors } from ${JSON.stringify(join(import.meta.dirname, '../../../src/evaluation/fetch/mirrors.ts'))};
    const mirrors = openMirrors(${JSON.stringify(join(folder, 'mirrors'))});
    await Promise.all(${JSON.stringify([...commits, 'main'])}.map((ref) =>
      mirrors.packCommit(${JSON.stringify(path)}, ref, new AbortController().signal)));`;
  const tsx = join(import.meta.dirname, '../../../node_modules/.bin/tsx');
  const run = promisify(execFile);
  await Promise.all([1, 2].map(() => run(tsx, ['--input-type=module', '-e', program])));
  const { mirror } = await mirrors.packCommit(path, commits[0] ?? '', never);
  expect(readdirSync(join(mirror, 'commits')).filter((name) => name.endsWith('.pack'))).toHaveLength(8);
  expect(readdirSync(mirror).filter((name) => name.startsWith('making'))).toEqual([]);
});

test('an abort ends a fetch with its reason', async () => {
  const { path } = makeRepo(folder, { a: '1' });
  const reason = new Error('cancelled');
  await expect(mirrors.packCommit(path, 'main', AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('a disk of ours that fails is not the spec’s fault', async () => {
  const { path } = makeRepo(folder, { a: '1' });
  writeFileSync(join(folder, 'mirrors'), 'no folder');
  await expect(mirrors.packCommit(path, 'main', never)).rejects.toMatchObject({ code: 'STORE_FAILED' });
});

test.each([
  ['fatal: write error: No space left on device', 'STORE_FAILED'],
  ['error: index-pack died: Cannot allocate memory', 'STORE_FAILED'],
])('git’s “%s” is ours', (said, code) => {
  expect(blameOwnDisk(new GitError(said))).toMatchObject({ code });
});

test('what the remote says of its own disk is not ours', () => {
  const error = new GitError('remote: fatal: No space left on device\nfatal: early EOF');
  expect(blameOwnDisk(error)).toBe(error);
});

test('a fetch that waits for its turn says when it has come', async () => {
  const { path } = makeRepo(folder, { a: '1' });
  const { mirror } = await mirrors.packCommit(path, 'main', never);
  const release = await holdLock(`${mirror}.lock`, never);
  let released = false;
  const packing = mirrors.packCommit(path, 'main', never, () => {
    expect(released).toBe(true);
  });
  const first = await Promise.race([packing, mirrors.git(mirror, ['rev-parse', 'FETCH_HEAD'], never)]);
  expect(first).toBeTypeOf('string');
  released = true;
  release();
  await packing;
});
