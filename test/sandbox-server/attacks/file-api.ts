import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Sandbox } from 'e2b';
import type { Attack, Field } from './attack.ts';

const TURNS = 100;

type Operation = (sandbox: Sandbox, path: string) => Promise<unknown>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  read: (sandbox, path) => sandbox.files.read(path),
  write: (sandbox, path) => sandbox.files.write(path, 'overwritten'),
  list: async (sandbox, path) =>
    (await sandbox.files.list(folderOf(path))).some(({ name }) => name === 'socket'),
  remove: (sandbox, path) => sandbox.files.remove(path),
  'move away': (sandbox, path) => sandbox.files.rename(path, '/home/user/moved'),
  'move onto': async (sandbox, path) => {
    await sandbox.files.write('/home/user/source', 'overwritten');
    return sandbox.files.rename('/home/user/source', path);
  },
  'make a folder at': async (sandbox, path) => void (await sandbox.files.makeDir(`${path}-folder/deeper`)),
  'look at': async (sandbox, path) => (await sandbox.files.getInfo(path)).size === 777,
};

/** To have the server, which opens files with its own rights, leave the sandbox. */
export const FILE_API: readonly Attack[] = [
  ...Object.entries(OPERATIONS).flatMap(([verb, operation]): Attack[] => [
    {
      name: `have the server ${verb} a file of the host by a link in its way`,
      attempt: (field) => byLinks(field, operation),
    },
    {
      name: `have the server ${verb} a file of the host by swapping a folder for a link`,
      attempt: (field) => bySwapping(field, operation),
    },
  ]),
  {
    name: 'have the server read what only root may read of the toolchain',
    lacks: ({ mode }) =>
      rootsOwn() === null
        ? 'everyone may read all of /usr here'
        : mode.ownIds
          ? null
          : 'the server is no root',
    attempt: async (field) => {
      const { path, isFolder } = rootsOwn() ?? { path: '', isFolder: false };
      const sandbox = await field.sandbox();
      await field.run(sandbox, `ln -s ${path} ~/result; ln -s / ~/root`);
      const ways = ['/home/user/result', `/home/user/root${path}`, path];
      return tryAll(ways, async (way) =>
        isFolder ? (await sandbox.files.list(way)).length >= 0 : sandbox.files.read(way),
      );
    },
  },
  {
    name: 'have the server use the magic links of /proc',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      await field.run(
        sandbox,
        'cd ~; ln -s /proc/self/root root; ln -s /proc/1/root one; ln -s /proc proc; ln -s /dev/fd fd; ln -s /dev/stdin stdin; ln -s ../../../proc/self/environ dots; ln -s /proc/self/fd/0 zero',
      );
      const ways = [
        'root/etc/hostname',
        'one/etc/hostname',
        'proc/self/environ',
        'proc/version',
        'fd/0',
        'stdin',
        'dots',
        'zero',
        '/proc/self/cmdline',
        '/proc/1/environ',
      ];
      return tryAll(ways, (way) => sandbox.files.read(way));
    },
  },
  {
    name: 'hold the server by FIFOs, devices, sockets and leases',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const lease = `perl -e 'open my $f, "+<", "leased"; fcntl $f, 1024, 1 or print STDERR "no lease"; open my $r, ">", "ready"; sleep 1000'`;
      await field.run(
        sandbox,
        `mkfifo fifo; perl -e 'use Socket; socket S, 1, 1, 0; bind S, pack "S a*", 1, "socket"'; echo held >leased; (${lease} &) >/dev/null 2>&1; until [ -e ready ]; do :; done`,
      );
      const paths = ['fifo', 'socket', '/dev/zero', '/dev/random', '/dev/tty', '/dev/ptmx'];
      const reads = await tryAll(paths, (path) => sandbox.files.read(path));
      const writes = await tryAll(paths, (path) => sandbox.files.write(path, 'x'));
      // A lease may be broken or respected, but not waited for: the kernel would for 45 s.
      await sandbox.files.read('leased').catch(() => '');
      await sandbox.files.write('leased', 'x').catch(() => '');
      return [reads, writes].filter(Boolean).join();
    },
  },
];

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** What the server said yes to. */
async function tryAll(ways: readonly string[], use: (way: string) => Promise<unknown>): Promise<string> {
  const done: string[] = [];
  for (const way of ways) {
    const got = await use(way).catch(() => null);
    if (got !== null && got !== false) done.push(way);
  }
  return done.join(' ');
}

/** Every kind of link that may lead to the folder of the host, and whether the host's file was touched or seen. */
async function byLinks(field: Field, operation: Operation): Promise<string> {
  const { folder, file } = field.host;
  const sandbox = await field.sandbox();
  const dots = '../'.repeat(30);
  await field.run(
    sandbox,
    `cd ~; ln -s ${folder} absolute; ln -s ${dots}${folder.slice(1)} dots; ln -s ${file} straight; ln -s absolute chained; mkdir in; ln -s ../absolute in/up; ln -s /proc/self/cwd/${dots}${folder} magic`,
  );
  const name = basename(file);
  const ways = [`absolute/${name}`, `dots/${name}`, `chained/${name}`, `in/up/${name}`, `magic/${name}`].map(
    (way) => `/home/user/${way}`,
  );
  return watch(field, sandbox, operation, [
    ...ways,
    '/home/user/straight',
    file,
    `/home/user/${dots}${file}`,
  ]);
}

async function bySwapping(field: Field, operation: Operation): Promise<string> {
  const { folder, file } = field.host;
  const sandbox = await field.sandbox();
  const swap = `mkdir "real"; symlink "${folder}", "link"; symlink "/proc/1/root${folder}", "magic"; open my $f, ">", "/tmp/ready"; while (1) { for (qw(link magic)) { rename "real", "way"; rename "way", "real"; rename $_, "way"; rename "way", $_ } }`;
  await sandbox.commands.run(`perl -e '${swap}'`, { background: true });
  await field.run(sandbox, 'until [ -e /tmp/ready ]; do :; done');
  const path = `/home/user/way/${basename(file)}`;
  return watch(
    field,
    sandbox,
    operation,
    Array.from({ length: TURNS }, () => path),
  );
}

async function watch(
  field: Field,
  sandbox: Sandbox,
  operation: Operation,
  paths: readonly string[],
): Promise<string> {
  const { file, folder, secret } = field.host;
  writeFileSync(file, secret.padEnd(777, '.'));
  const before = entriesOf(folder);
  for (const path of paths) {
    const got = await operation(sandbox, path).catch(() => null);
    if (got === true || (typeof got === 'string' && got.includes(secret))) return `seen by ${path}`;
    if (readOr(file) !== secret.padEnd(777, '.')) return `changed by ${path}`;
    if (entriesOf(folder) !== before) return `the folder changed by ${path}`;
  }
  return '';
}

function entriesOf(folder: string): string {
  return readdirSync(folder).join();
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'gone';
  }
}

/** Something below /usr that not everyone may read. */
function rootsOwn(): { path: string; isFolder: boolean } | null {
  const find = ['/usr', '-xdev', '!', '-type', 'l', '!', '-perm', '-o+r', '-print', '-quit'];
  const path = spawnSync('find', find, { encoding: 'utf8' }).stdout.trim();
  return path === '' ? null : { path, isFolder: statSync(path).isDirectory() };
}
