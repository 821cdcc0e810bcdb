import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Copied from the host as they are: what programs under /usr read to work at all. Nothing of users, keys or services. */
const COPIED = [
  'alternatives',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'timezone',
  'os-release',
  'debian_version',
  'lsb-release',
  'protocols',
  'services',
  'mime.types',
  'ssl/certs',
  'ssl/openssl.cnf',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'pki/ca-trust/extracted',
  'ca-certificates/extracted',
  'crypto-policies',
  'fonts',
  'ImageMagick-6',
];
/** Settings of language runtimes, by the start of their names: java-17-openjdk, python3.11, perl … */
const RUNTIMES = /^(java-|python\d|perl$|R$|terminfo$|php$)/;

const PROFILE_PATH = '/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Files of /etc that are written, by name. */
export const ETC_TEXTS = {
  passwd:
    'root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  hostname: 'sandbox\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nprotocols: files\nservices: files\n',
  // Where slirp4netns answers for the host's resolver; without a network there is no route to it, and look-ups fail at once.
  'resolv.conf': 'nameserver 10.0.2.3\noptions timeout:5 attempts:2\n',
  profile: `export PATH="$HOME/.local/bin:${PROFILE_PATH}"\nexport PS1='\\u@\\h:\\w\\$ '\n`,
  gitconfig:
    '[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n[user]\n\tname = user\n\temail = user@sandbox\n',
};

/** Writes the /etc that every box of this server shows, anew, under `folder`. Returns its path. */
export function writeEtc(folder: string): string {
  const etc = join(folder, 'etc');
  rmSync(etc, { recursive: true, force: true });
  mkdirSync(etc, { recursive: true, mode: 0o755 });
  const runtimes = readdirSync('/etc').filter((name) => RUNTIMES.test(name));
  for (const name of [...COPIED, ...runtimes]) copyOne(join('/etc', name), join(etc, name));
  for (const [name, text] of Object.entries(ETC_TEXTS)) writeFileSync(join(etc, name), text, { mode: 0o644 });
  return etc;
}

// What we may not read is not needed either.
function copyOne(from: string, to: string): void {
  if (!existsSync(from)) return;
  try {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  } catch {
    rmSync(to, { recursive: true, force: true });
  }
}
