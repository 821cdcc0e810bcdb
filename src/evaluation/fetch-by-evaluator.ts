import { readFile } from 'node:fs/promises';
import { asEvalpoolError, EvalpoolError } from '../errors.ts';
import { DeadlinePassed } from '../sandbox/sandbox.ts';
import type { Spec } from '../spec.ts';
import { credentialsOf, resolveSubmodule, withoutCredentials } from './repo-address.ts';
import { gitsWords } from './last-words.ts';
import type { Mirrors, PackedCommit } from './mirrors.ts';
import type { Desk } from './open-desk.ts';
import { quote } from './shell-quote.ts';

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
  await desk.sandbox.writeFiles(await packsOf(placed), desk.user);
  const exit = await desk.run(checkoutScript(spec.repoDir, placed));
  if (exit.exitCode === 0) return;
  throw new EvalpoolError('FETCH_FAILED', `the checkout failed: ${gitsWords(desk.log.kept().content)}`);
}

interface Gathering {
  mirrors: Mirrors;
  submodules: boolean;
  signal: AbortSignal;
}

// A remote that is slow to us would be slow to the sandbox: its time-out is the stage's, as there.
async function gatherInTime(
  desk: Desk,
  how: Omit<Gathering, 'signal'>,
  from: { repo: string; ref: string },
): Promise<Placed[]> {
  const deadline = AbortSignal.timeout(Math.ceil(desk.time.leftMs()));
  const signal = AbortSignal.any([desk.time.signal, deadline]);
  try {
    return await gather({ ...how, signal }, from);
  } catch (error) {
    if (deadline.aborted && error === deadline.reason) throw new DeadlinePassed('the remote was too slow');
    throw explain(error, from, desk);
  }
}

async function gather(how: Gathering, from: { repo: string; ref: string }, path = ''): Promise<Placed[]> {
  const packed = await how.mirrors.packCommit(from.repo, from.ref, how.signal);
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
  const git = (args: string[]): Promise<string> => how.mirrors.git(mirror, args, how.signal);
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
  const error = asEvalpoolError(thrown);
  if (error.code !== 'REF_NOT_FOUND' && error.code !== 'FETCH_FAILED') return thrown;
  const hidden = credentialsOf(from.repo).reduce((text, part) => text.replaceAll(part, '***'), error.message);
  desk.log.write(`${hidden}\n`);
  const subject = error.code === 'REF_NOT_FOUND' ? `has no ${from.ref}` : `could not be fetched`;
  return new EvalpoolError(error.code, `${withoutCredentials(from.repo)} ${subject}: ${gitsWords(hidden)}`);
}
