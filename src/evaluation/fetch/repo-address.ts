import { EvalpoolError } from '../../errors.ts';

/** Where a repo lies: a path of this machine, behind ssh, or behind http(s). */
export type RepoKind = 'local' | 'ssh' | 'web';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const KINDS: Readonly<Record<string, RepoKind>> = {
  'https:': 'web',
  'http:': 'web',
  'ssh:': 'ssh',
  'git+ssh:': 'ssh',
  'file:': 'local',
};

/** The kind of a repo's address. Throws REPO_FORBIDDEN for what git must not be given: helpers (`ext::`), options. */
export function repoKind(repo: string): RepoKind {
  const scheme = SCHEME.exec(repo)?.[1]?.toLowerCase();
  const kind = scheme === undefined ? kindWithoutScheme(repo) : KINDS[`${scheme}:`];
  if (kind !== undefined && !repo.startsWith('-')) return kind;
  throw new EvalpoolError(
    'REPO_FORBIDDEN',
    `not an address that may be fetched: ${withoutCredentials(repo)}`,
  );
}

// `user@host:path` is ssh, as git reads it; a colon behind a slash belongs to a path.
function kindWithoutScheme(repo: string): RepoKind | undefined {
  if (repo.includes('::')) return undefined;
  return /^[^/]+:/.test(repo) ? 'ssh' : 'local';
}

/** The address without user and password, as logs and the sandbox may hold it. */
export function withoutCredentials(repo: string): string {
  return repo.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

/** The password in an address, if any: it must not be shown. */
export function credentialsOf(repo: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/([^/@]*)@/i.exec(repo)?.[1];
  if (password === undefined) return [];
  return [password, ...password.split(':').slice(1)].filter((part) => part.length > 3);
}

/** The ref if it can name a commit, tag or branch. Throws REF_NOT_FOUND: as refspec or option it would mean more. */
export function checkRef(ref: string): string {
  // eslint-disable-next-line no-control-regex -- git forbids them in names
  const forbidden = /^[-+/.]|[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.lock$|\.$/;
  if (!forbidden.test(ref)) return ref;
  throw new EvalpoolError('REF_NOT_FOUND', `not the name of a commit, tag or branch: ${JSON.stringify(ref)}`);
}

/** Where a submodule's address leads, seen from the repo that names it. Throws REPO_FORBIDDEN. */
export function resolveSubmodule(repo: string, address: string): string {
  const resolved = /^\.\.?\//.test(address) ? stepThrough(repo.replace(/\/+$/, ''), address) : address;
  if (repoKind(resolved) === 'local' && repoKind(repo) !== 'local') {
    throw new EvalpoolError('REPO_FORBIDDEN', `a submodule leads to a local path: ${resolved}`);
  }
  return resolved;
}

// As git does it: of `user@host:path` the colon takes the place of the last slash.
function stepThrough(repo: string, relative: string): string {
  let [base, rest, joint] = [repo, relative, '/'];
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      joint = /[/:](?=[^/:]*$)/.exec(base)?.[0] ?? '/';
      base = base.replace(/[/:][^/:]*$/, '');
    } else return `${base}${joint}${rest}`;
  }
}
