import { posix } from 'node:path';
import { Refusal } from './refusal.ts';

/** A user inside a sandbox. */
export interface Account {
  name: string;
  home: string;
}

const ACCOUNTS: Readonly<Record<string, Account>> = {
  user: { name: 'user', home: '/home/user' },
  root: { name: 'root', home: '/root' },
};

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The account of that name, `user` when none is named. Throws 401 when there is no such user. */
export function accountNamed(name: string | undefined): Account {
  const account = Object.hasOwn(ACCOUNTS, name || 'user') ? ACCOUNTS[name || 'user'] : undefined;
  if (!account) throw new Refusal(401, `invalid username: '${name}'`);
  return account;
}

/** The account that the Authorization header of an RPC names (`Basic base64("<user>:")`); of another scheme, nobody. */
export function accountOfHeader(authorization: string | undefined): Account {
  const encoded = /^Basic ([A-Za-z0-9+/=]*)$/i.exec(authorization ?? '')?.[1];
  return accountNamed(encoded && Buffer.from(encoded, 'base64').toString().split(':', 1)[0]);
}

/** What every process of the account finds in its environment, under what sandbox and request add. */
export function accountEnvironment({ name, home }: Account): Record<string, string> {
  return { PATH, HOME: home, USER: name, LOGNAME: name };
}

/** The absolute path that the caller means: `~` and relative ones start at home. Throws 400 for what is no path. */
export function resolvePath(path: string, { home }: Account): string {
  if (path.includes('\0')) throw new Refusal(400, 'a path cannot hold a NUL character');
  if (path === '~' || path.startsWith('~/')) return posix.join(home, path.slice(1));
  return posix.resolve(home, path);
}
