import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Sandbox } from 'e2b';
import { dataPlaneHeaders } from '../start-test-server.ts';
import type { Attack, Field } from './attack.ts';

/** To break or hold the server by what it finds where it was asked to look. */
export const HOSTILE_TREES: readonly Attack[] = [
  onTree(
    'ten thousand folders in each other',
    `perl -e 'mkdir "tree"; chdir "tree"; for (1 .. 10_000) { mkdir "d" or die $!; chdir "d" }'`,
  ),
  onTree(
    'names that are no text',
    String.raw`mkdir tree; cd tree; perl -e 'for ("\xff\xfe", "new\nline", "\e[2J", "-rf", " ", "\xc3(", "x" x 255, "a\x{7f}b") { mkdir $_ or die $!; open my $f, ">", "$_/$_" or die $! }'`,
  ),
  onTree(
    'folders that are closed to everyone',
    'mkdir -p tree/a/b/c; echo x >tree/a/b/c/file; chmod 000 tree/a/b/c/file tree/a/b/c tree/a/b tree/a tree',
  ),
  onTree(
    'a folder full of files',
    `mkdir tree; perl -e 'for (1 .. 4_000) { open my $f, ">", "tree/$_" or die $! }'`,
  ),
  onTree(
    'links that lead round and round',
    `mkdir tree; cd tree; ln -s . here; ln -s .. up; ln -s loop loop; ln -s a b; ln -s b a; perl -e 'symlink "../tree/" x 400, "long$_" or die $! for 1 .. 50'`,
  ),
  {
    name: 'occupy the server by a folder of links that take long to follow',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const links = `mkdir -p tree/d; cd tree; perl -e 'my $long = "d/../" x 190; symlink "$long$_", $_ - 1 or die $! for 1 .. 39; symlink "0", "x$_" or die $! for 1 .. 2500'`;
      const { err } = await field.run(sandbox, links);
      if (err !== '') throw new Error(err);
      return answersMeanwhile(field, sandbox.files.list('/home/user/tree'));
    },
  },
  {
    name: 'use up the descriptors of the server by a path of dots',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const links = `mkdir d; perl -e 'my $long = "d/../" x 780; symlink "$long" . ($_ + 1), $_ or die $! for 1 .. 30'; echo x >31`;
      await field.run(sandbox, links);
      const most = descriptors(field.serverPid) + 100;
      const reads = Array.from({ length: 30 }, () => sandbox.files.read('/home/user/1').catch(() => ''));
      let seen = 0;
      const watching = setInterval(() => (seen = Math.max(seen, descriptors(field.serverPid))), 1);
      await Promise.all(reads);
      clearInterval(watching);
      return Math.max(seen, descriptors(field.serverPid)) > most ? `${seen} descriptors` : '';
    },
  },
  {
    name: 'have the server hold a file that is larger than any disk',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      await field.run(sandbox, 'truncate -s 8000000000000000000 huge; truncate -s 100G large');
      for (const path of ['huge', 'large'])
        for (const headers of [{ range: 'bytes=0-99' }, { 'accept-encoding': 'gzip' }, {}])
          await readSome(field, sandbox, { path, headers });
      const info = await sandbox.files.getInfo('/home/user/huge').catch(() => null);
      if (info !== null && info.size < 0) return `size ${info.size}`;
      return answers(field);
    },
  },
  {
    name: 'fill server or host by a bomb in an upload',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const zip = gzipSync(Buffer.alloc(400 * 1024 * 1024), { level: 1 });
      const before = residentMb(field.serverPid);
      const reply = await fetch(`${field.url}/files?path=bomb`, {
        method: 'POST',
        headers: {
          ...dataPlaneHeaders(sandbox),
          'content-type': 'application/octet-stream',
          'content-encoding': 'gzip',
        },
        body: zip,
      });
      if (reply.status === 200) return 'it was taken';
      const grown = residentMb(field.serverPid) - before;
      return grown > 150 ? `the server grew by ${grown} MB` : answers(field);
    },
  },
];

/** The server lists, looks at and removes what the script left at ~/tree; after it the sandbox must be as without it. */
function onTree(what: string, script: string): Attack {
  return {
    name: `break the server by ${what}`,
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const { err } = await field.run(sandbox, script);
      if (err !== '') throw new Error(`the tree could not be made: ${err}`);
      await sandbox.files.list('/home/user/tree', { depth: 1 }).catch(() => []);
      await sandbox.files.list('/home/user/tree', { depth: 100_000 }).catch(() => []);
      await sandbox.files.getInfo('/home/user/tree');
      await sandbox.files.remove('/home/user/tree');
      const left = (await sandbox.files.list('/home/user')).filter(({ name }) => name === 'tree');
      return left.length > 0 ? 'the tree cannot be removed' : answers(field);
    },
  };
}

async function answers(field: Field): Promise<string> {
  const { out } = await field.run(await field.sandbox(), 'echo well');
  return out === 'well\n' ? '' : 'the server does not answer';
}

/** Others must have their turn before the long work is over. */
async function answersMeanwhile(field: Field, work: Promise<unknown>): Promise<string> {
  const state = { isOver: false };
  const over = work.catch(() => {}).finally(() => (state.isOver = true));
  let turns = 0;
  while (!state.isOver && turns < 20) {
    await fetch(`${field.url}/health`);
    turns++;
  }
  const meanwhile = state.isOver ? turns - 1 : turns;
  await over;
  return meanwhile < 2 ? `${meanwhile} others had their turn` : '';
}

async function readSome(
  field: Field,
  sandbox: Sandbox,
  { path, headers }: { path: string; headers: Record<string, string> },
): Promise<void> {
  const abort = new AbortController();
  try {
    const reply = await fetch(`${field.url}/files?path=${path}`, {
      headers: { ...dataPlaneHeaders(sandbox), ...headers },
      signal: abort.signal,
    });
    await reply.body?.getReader().read();
  } catch {
    // Refused, which is as good.
  } finally {
    abort.abort();
  }
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
