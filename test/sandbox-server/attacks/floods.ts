import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Attack, Field } from './attack.ts';
import { perl } from './perl.ts';

/** How much the server may grow under a flood, MB. */
const GROWTH_MB = 150;

/** To flood what is bounded by number or by time. */
export const FLOODS: readonly Attack[] = [
  counting(
    'processes',
    ({ limits }) => limits.processes,
    `last unless defined(my $pid = fork); if ($pid == 0) { sleep 1000 } $n++;`,
  ),
  counting(
    'zombies',
    ({ limits }) => limits.processes,
    `last unless defined(my $pid = fork); POSIX::_exit(0) if $pid == 0; $n++;`,
  ),
  counting('files', ({ limits }) => limits.diskMb * 256 + 16, `open my $file, '>', "f$n" or last; $n++;`),
  counting('folders', ({ limits }) => limits.diskMb * 256 + 16, `mkdir "d$n" or last; $n++;`),
  counting(
    'links to one file',
    ({ limits }) => limits.diskMb * 256 + 16,
    `symlink 'x' x 500, "l$n" or last; $n++;`,
  ),
  counting('terminals', () => 64, `open my $file, '+<', '/dev/ptmx' or last; push @held, $file; $n++;`),
  counting('open files in one process', () => 16_384, `last if sys('eventfd2', 0, 0) < 0; $n++;`),
  counting('inotify instances', () => 128, `last if sys('inotify_init1', 0) < 0; $n++;`),
  {
    name: 'use more disk by writing in all places at once',
    attempt: async (field) => {
      const script =
        'for d in ~ /tmp /dev/shm /var/tmp; do head -c 1G /dev/zero >$d/big; done 2>/dev/null; cat ~/big /tmp/big /dev/shm/big | wc -c';
      const { out } = await field.run(await field.sandbox(), script);
      return Number(out) <= field.limits.diskMb * 2 ** 20 ? '' : `${out.trim()} bytes`;
    },
  },
  {
    name: 'keep commands of others from starting by a fork bomb',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const bomb = await sandbox.commands.run('f() { f | f & }; f; f; sleep 1000', { background: true });
      const { out } = await field.run(sandbox, 'set -- /proc/[0-9]*; exec echo $#');
      await bomb.disconnect();
      const elsewhere = await field.run(await field.sandbox(), 'echo well');
      if (elsewhere.out !== 'well\n') return 'no other sandbox answers';
      return Number(out) <= field.limits.processes + 3 ? '' : `${out} processes`;
    },
  },
  flooding('output that is read', 'head -c 40M /dev/zero', true),
  flooding('output in small pieces', 'timeout 2 yes', true),
  flooding('output that nobody reads', 'yes; yes', false),
  flooding('lines on both streams that nobody reads', 'yes >&2 & yes', false),
];

/** Makes as many of something as it can: there must be an end, and not far beyond what is allowed. */
function counting(what: string, most: (field: Field) => number, step: string): Attack {
  return {
    name: `make more ${what} than it may`,
    attempt: async (field) => {
      const program = `my ($n, @held) = (0); while ($n < ${4 * most(field)}) { ${step} } print "$n\\n"; kill 9, -1;`;
      const { out } = await field.run(await field.sandbox(), perl(program));
      if (out === '') throw new Error('nothing was counted');
      return Number(out) <= most(field) ? '' : `${out.trim()} of them`;
    },
  };
}

/** The server must neither grow nor fall silent. */
function flooding(what: string, script: string, isRead: boolean): Attack {
  return {
    name: `drown the server in ${what}`,
    attempt: async (field) => {
      const before = residentMb(field.serverPid);
      const sandbox = await field.sandbox();
      const handle = await sandbox.commands.run(script, { background: true });
      if (isRead) await handle.wait().catch(() => {});
      else {
        await handle.disconnect();
        await wait(1000);
      }
      const grown = residentMb(field.serverPid) - before;
      const { out } = await field.run(await field.sandbox(), 'echo well');
      if (out !== 'well\n') return 'the server does not answer';
      return grown < GROWTH_MB ? '' : `it grew by ${grown} MB`;
    },
  };
}

function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
