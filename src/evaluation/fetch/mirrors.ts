import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EvalpoolError } from '../../errors.ts';
import { holdLock } from './hold-lock.ts';
import { repoKind } from './repo-address.ts';
import { blameOwnDisk } from './own-disk.ts';
import { GitError, runGit, type GitOptions } from './run-git.ts';

// 1. Keeps a bare mirror of each repo on the evaluator's disk and fetches only commits that it lacks.
// 2. Packs a commit's own tree once, for as many sandboxes as need it.
// 3. Is shared by all processes of this machine: one at a time fetches a repo, and packs appear by rename.

/** Largest commit that is sent to a sandbox, bytes: it passes through memory. */
const MAX_PACK_BYTES = 1024 * 1024 * 1024;

/** One commit without its history, as files on this disk. */
export interface PackedCommit {
  commit: string;
  pack: string;
  index: string;
  /** The mirror that holds it. */
  mirror: string;
}

/** Mirrors of repos in one folder. */
export interface Mirrors {
  /**
   * Throws REF_NOT_FOUND or FETCH_FAILED with git's own words, STORE_FAILED when our own disk fails; nothing is fetched that
   * is already here. `onTurn`: called when its turn has come.
   */
  packCommit(repo: string, ref: string, signal: AbortSignal, onTurn?: () => void): Promise<PackedCommit>;
  /** Output of git in a mirror, hardened as all of it. Throws GitError. */
  git(mirror: string, args: readonly string[], signal: AbortSignal): Promise<string>;
}

/** Opens the mirrors in a folder, which is made when first needed. */
export function openMirrors(folder: string): Mirrors {
  const inTurn = new Map<string, Promise<unknown>>();
  return {
    async packCommit(repo, ref, signal, onTurn = () => {}) {
      const address = repoKind(repo) === 'local' && !repo.includes('://') ? resolve(repo) : repo;
      const mirror = join(folder, createHash('sha256').update(address).digest('hex').slice(0, 32));
      const known = await packOf(mirror, ref);
      if (known !== null) return known;
      const before = inTurn.get(mirror) ?? Promise.resolve();
      const turn = before
        .catch(() => undefined)
        .then(() => bringCommit({ folder, mirror, address, ref, signal }, onTurn));
      inTurn.set(mirror, turn);
      try {
        return await turn;
      } finally {
        if (inTurn.get(mirror) === turn) inTurn.delete(mirror);
      }
    },
    git: (mirror, args, signal) => runGit(args, { cwd: mirror, signal }),
  };
}

interface Wanted {
  folder: string;
  mirror: string;
  address: string;
  ref: string;
  signal: AbortSignal;
}

async function bringCommit(wanted: Wanted, onTurn: () => void): Promise<PackedCommit> {
  let release: (() => void) | undefined;
  try {
    await mkdir(wanted.folder, { recursive: true });
    release = await holdLock(`${wanted.mirror}.lock`, wanted.signal);
    onTurn();
    const commit = await fetchMending(wanted);
    return (await packOf(wanted.mirror, commit)) ?? (await pack(wanted, commit));
  } catch (error) {
    throw blameOwnDisk(error);
  } finally {
    release?.();
  }
}

// A process killed half-way may leave a mirror with git's own lock files or half a pack: a new one mends all of it.
async function fetchMending(wanted: Wanted): Promise<string> {
  try {
    return await fetchCommit(wanted);
  } catch (error) {
    const broken = /File exists|corrupt|bad object|not a git repository|unable to read|loose object/i;
    if (!(error instanceof GitError) || !broken.test(error.message)) throw refusal(error);
    await rm(wanted.mirror, { recursive: true, force: true });
    return await fetchCommit(wanted).catch((again: unknown) => {
      throw refusal(again);
    });
  }
}

async function fetchCommit(wanted: Wanted): Promise<string> {
  const { mirror, ref } = wanted;
  const options = await gitOptions(wanted);
  await mkdir(mirror, { recursive: true });
  await runGit(['init', '-q', '--bare', '.'], options);
  for (const depth of [['--depth=1'], []]) {
    try {
      await runGit(['fetch', '-q', '--no-tags', ...depth, '--', wanted.address, ref], options);
      return await keep(options, 'FETCH_HEAD');
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      if (isUnknownRef(error) && /^[0-9a-f]{4,64}$/i.test(ref)) break;
      if (depth.length === 0 || !/shallow/.test(error.message)) throw error;
    }
  }
  return await fetchAll(wanted, options);
}

// An abbreviated commit, or one that the server does not hand out by itself: it must lie on some branch or tag.
async function fetchAll(wanted: Wanted, options: GitOptions): Promise<string> {
  const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const unshallow = await stat(join(wanted.mirror, 'shallow')).then(
    () => ['--unshallow'],
    () => [],
  );
  await runGit(['fetch', '-q', '--no-tags', ...unshallow, '--', wanted.address, ...all], options);
  return await keep(options, wanted.ref).catch(() => {
    throw new GitError(`fatal: couldn't find remote ref ${wanted.ref}`);
  });
}

// Under a ref of ours the commit is offered to the server next time, which then sends only what differs.
async function keep(options: GitOptions, name: string): Promise<string> {
  const commit = (await runGit(['rev-parse', '-q', '--verify', `${name}^{commit}`], options)).trim();
  await runGit(['update-ref', `refs/evalpool/${commit}`, commit], options);
  return commit;
}

async function pack(wanted: Wanted, commit: string): Promise<PackedCommit> {
  const { mirror, signal } = wanted;
  const beside = join(mirror, `making-${process.pid}`);
  const input = `--shallow ${commit}\n${commit}\n`;
  const name = (
    await runGit(['pack-objects', '-q', '--revs', beside], { cwd: mirror, signal, input })
  ).trim();
  const { size } = await stat(`${beside}-${name}.pack`);
  if (size > MAX_PACK_BYTES) {
    throw new EvalpoolError(
      'FETCH_FAILED',
      `${commit} is too large to be sent (${size} bytes); use fetch: sandbox`,
    );
  }
  const packed = { commit, mirror, ...packPaths(mirror, commit) };
  await mkdir(join(mirror, 'commits'), { recursive: true });
  await rename(`${beside}-${name}.idx`, packed.index);
  await rename(`${beside}-${name}.pack`, packed.pack);
  return packed;
}

async function packOf(mirror: string, commit: string): Promise<PackedCommit | null> {
  if (!/^[0-9a-f]{40}$/.test(commit)) return null;
  const paths = packPaths(mirror, commit);
  const there = await stat(paths.pack).catch(() => null);
  return there === null ? null : { commit, mirror, ...paths };
}

function packPaths(mirror: string, commit: string): { pack: string; index: string } {
  const base = join(mirror, 'commits', commit);
  return { pack: `${base}.pack`, index: `${base}.idx` };
}

// The user's own settings hold his credential helpers; for a repo of this disk its owner need not be who we are.
async function gitOptions(wanted: Wanted): Promise<GitOptions> {
  const settings = join(wanted.folder, 'gitconfig');
  const beside = `${settings}.${process.pid}`;
  await writeFile(beside, '[include]\n\tpath = ~/.gitconfig\n[safe]\n\tdirectory = *\n');
  await rename(beside, settings);
  const allow = repoKind(wanted.address) === 'local' ? 'file:https:http:ssh' : 'https:http:ssh';
  return { cwd: wanted.mirror, signal: wanted.signal, allow, settings };
}

function isUnknownRef(error: Error): boolean {
  return /couldn't find remote ref|not our ref|unadvertised/.test(error.message);
}

function refusal(thrown: unknown): unknown {
  const error = blameOwnDisk(thrown);
  if (!(error instanceof GitError)) return error;
  const code = isUnknownRef(error) ? 'REF_NOT_FOUND' : 'FETCH_FAILED';
  return new EvalpoolError(code, error.message, { cause: error });
}
