import { readFile } from 'node:fs/promises';
import { asEvalpoolError, EvalpoolError } from '../../errors.ts';
import { DeadlinePassed } from '../../sandbox/sandbox.ts';
import type { Spec } from '../../spec.ts';
import { credentialsOf, resolveSubmodule, withoutCredentials } from './repo-address.ts';
import { gitsWords } from '../stages/last-words.ts';
import type { Mirrors, PackedCommit } from './mirrors.ts';
import type { Desk } from '../open-desk.ts';
import { blameOwnDisk } from './own-disk.ts';
import type { StageTime } from '../run-stage.ts';
import { quote } from '../../shell-quote.ts';

const FOLDER = '/tmp/.evalpool-fetch';
const MAX_SUBMODULES = 200;

/** A commit and where its tree lies in the checkout; '' is the checkout itself. */
interface Placed {
  path: string;
  packed: PackedCommit;
}

/** Fetches on our side and sends only the commit. Throws REF_NOT_FOUND, FETCH_FAILED or REPO_FORBIDDEN. */
export async function fetchByEvaluator(
  desk: Desk,
  spec: Spec,
  mirrors: Mirrors,
  from: { repo: string; ref: string },
): Promise<void> {
  const placed = await gatherInTime(desk, { mirrors, submodules: spec.submodules }, from);
  const packs = await packsOf(placed).catch((error: unknown) => {
    throw blameOwnDisk(error);
  });
  await desk.sandbox.writeFiles(packs, desk.user);
  const exit = await desk.run(checkoutScript(spec.repoDir, placed));
  if (exit.exitCode === 0) return;
  throw new EvalpoolError('FETCH_FAILED', `the checkout failed: ${gitsWords(desk.log.kept().content)}`);
}

interface Gathering {
  mirrors: Mirrors;
  submodules: boolean;
  time: StageTime;
}

// A remote that is slow to us would be slow to the sandbox: its time-out is the stage's, as there.
async function gatherInTime(
  desk: Desk,
  how: Omit<Gathering, 'time'>,
  from: { repo: string; ref: string },
): Promise<Placed[]> {
  try {
    return await gather({ ...how, time: desk.time }, from);
  } catch (error) {
    throw explain(error, from, desk);
  }
}

// The clock stands while others fetch the same repo. Not by AbortSignal.any: Node 20 may collect that before it fires.
async function packInTurn({ mirrors, time }: Gathering, repo: string, ref: string): Promise<PackedCommit> {
  const askedAt = performance.now();
  const ending = new AbortController();
  const follow = (): void => ending.abort(time.signal.reason);
  let timer: NodeJS.Timeout | undefined;
  const onTurn = (): void => {
    time.excuse(performance.now() - askedAt);
    timer = setTimeout(() => ending.abort(new DeadlinePassed('the remote was too slow')), time.leftMs());
  };
  time.signal.addEventListener('abort', follow);
  try {
    time.signal.throwIfAborted();
    return await mirrors.packCommit(repo, ref, ending.signal, onTurn);
  } finally {
    clearTimeout(timer);
    time.signal.removeEventListener('abort', follow);
  }
}

async function gather(how: Gathering, from: { repo: string; ref: string }, path = ''): Promise<Placed[]> {
  const packed = await packInTurn(how, from.repo, from.ref);
  const all: Placed[] = [{ path, packed }];
  if (!how.submodules) return all;
  for (const sub of await readSubmodules(how, packed)) {
    const repo = resolveSubmodule(from.repo, sub.address);
    all.push(
      ...(await gather(how, { repo, ref: sub.commit }, path === '' ? sub.path : `${path}/${sub.path}`)),
    );
    if (all.length > MAX_SUBMODULES)
      throw new EvalpoolError('FETCH_FAILED', `over ${MAX_SUBMODULES} submodules`);
  }
  return all;
}

async function readSubmodules(
  how: Gathering,
  { mirror, commit }: PackedCommit,
): Promise<Array<{ path: string; address: string; commit: string }>> {
  const git = (args: string[]): Promise<string> => how.mirrors.git(mirror, args, how.time.signal);
  const tree = await git(['ls-tree', '-r', '-z', commit]);
  const links = new Map(
    tree.split('\0').flatMap((entry) => {
      const [, sha, path] = /^160000 commit ([0-9a-f]+)\t([^]*)$/.exec(entry) ?? [];
      return sha === undefined || path === undefined ? [] : [[path, sha] as const];
    }),
  );
  if (links.size === 0) return [];
  const listing = await git([
    'config',
    '-z',
    '--blob',
    `${commit}:.gitmodules`,
    '--get-regexp',
    '^submodule\\.',
  ]);
  const settings = new Map(listing.split('\0').map((entry) => splitOnce(entry, '\n')));
  return [...settings].flatMap(([key, path]) => {
    const address = settings.get(key.replace(/\.path$/, '.url'));
    const sha = key.endsWith('.path') ? links.get(path) : undefined;
    return sha === undefined || address === undefined ? [] : [{ path, address, commit: sha }];
  });
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
}

async function packsOf(placed: readonly Placed[]): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [number, { packed }] of placed.entries()) {
    files.set(`${FOLDER}/${number}.pack`, await readFile(packed.pack));
    files.set(`${FOLDER}/${number}.idx`, await readFile(packed.index));
  }
  return files;
}

function checkoutScript(repoDir: string, placed: readonly Placed[]): string {
  const steps = placed.map(({ path, packed }, number) => {
    const place = quote(path === '' ? '.' : `./${path}`);
    const base = `.git/objects/pack/pack-${packed.commit}`;
    return `(mkdir -p -- ${place} && cd -- ${place} && git init -q . && mkdir -p .git/objects/pack &&
  mv ${FOLDER}/${number}.pack ${base}.pack && mv ${FOLDER}/${number}.idx ${base}.idx &&
  echo ${packed.commit} > .git/shallow &&
  git -c advice.detachedHead=false checkout -q -f --detach ${packed.commit}) || exit 1`;
  });
  const commit = placed[0]?.packed.commit ?? '';
  return `export LC_ALL=C
mkdir -p -- ${quote(repoDir)} && cd -- ${quote(repoDir)} || exit 1
${steps.join('\n')}
rm -rf ${FOLDER}
echo fetched ${commit}
`;
}

function explain(thrown: unknown, from: { repo: string; ref: string }, desk: Desk): unknown {
  if (thrown instanceof DeadlinePassed) return thrown;
  const error = asEvalpoolError(thrown);
  if (error.code !== 'REF_NOT_FOUND' && error.code !== 'FETCH_FAILED') return thrown;
  const hidden = credentialsOf(from.repo).reduce((text, part) => text.replaceAll(part, '***'), error.message);
  desk.log.write(`${hidden}\n`);
  const subject = error.code === 'REF_NOT_FOUND' ? `has no ${from.ref}` : `could not be fetched`;
  return new EvalpoolError(error.code, `${withoutCredentials(from.repo)} ${subject}: ${gitsWords(hidden)}`);
}
