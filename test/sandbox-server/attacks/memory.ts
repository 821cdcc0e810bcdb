import type { Attack, Field } from './attack.ts';
import { perl } from './perl.ts';

/** To hold more memory than the sandbox has. */
export const MEMORY: readonly Attack[] = [
  holding('in one process', `push @held, 'x' x $MB and grow(1);`),
  holding(
    'in many processes',
    `my ($n, $to) = (0); pipe my $from, $to; for (1 .. 40) { next if fork; while (1) { push @held, 'x' x $MB; syswrite $to, 'x' } } close $to; grow(length $got) while sysread $from, my $got, 64; die;`,
  ),
  holding(
    'in shared memory without a name',
    `my $at = sys('mmap', 0, 16 * $MB, 3, 0x21, -1, 0); sys('read', fileno $zero, $at, 16 * $MB); grow(16);`,
  ),
  holding(
    'in segments that no process holds',
    `for my $size (16 * $MB, 16384) { my $id = sys('shmget', 0, $size, 01600); next if $id < 0; my $at = sys('shmat', $id, 0, 0); sys('read', fileno $zero, $at, $size); sys('shmdt', $at); grow($size / $MB); last } die 'no more' if $! + 0 == 28;`,
  ),
  holding(
    'in files without a name',
    `my $name = 'x'; my $fd = sys('memfd_create', $name, 0); die 'none' if $fd < 0; open my $file, '+>&=', $fd; push @held, $file; syswrite $file, 'x' x $MB and grow(1) for 1 .. 16;`,
  ),
  holding(
    'in its files',
    `open my $file, '>', (qw(/tmp/f /home/user/f /dev/shm/f))[@held % 3] . @held or die; push @held, $file; syswrite($file, 'x' x $MB) == $MB ? grow(1) : die;`,
    { mostMb: ({ limits }) => limits.diskMb },
  ),
  holding('in pipes', `pipe my $from, my $to; push @held, $from, $to; fill($to);`, { most: 'buffers' }),
  holding(
    'in unix sockets',
    `socketpair my $one, my $two, 1, 1, 0 or die; push @held, $one, $two; fill($one); fill($two);`,
    { most: 'buffers' },
  ),
  holding(
    'in TCP sockets',
    `unless ($listener) { socket $listener, 2, 1, 0; bind $listener, sockaddr_in(0, INADDR_LOOPBACK); listen $listener, 99 }
socket my $one, 2, 1, 0; connect $one, getsockname $listener or die; accept my $two, $listener or die; push @held, $one, $two; fill($one); fill($two);`,
    { most: 'buffers' },
  ),
];

interface Bounds {
  /** What it may hold; its memory and a half unless given. */
  mostMb?: (field: Field) => number;
  /** Memory of the kernel's buffers: only a control group counts it. */
  most?: 'buffers';
}

/** Holds more and more, and says so when it is too much; being killed, or refused, is what should come first. */
function holding(where: string, step: string, bounds: Bounds = {}): Attack {
  const mostMb = bounds.mostMb ?? (({ limits }: Field): number => limits.memoryMb * 1.5);
  const program = (most: number): string => String.raw`
use Socket;
my ($MB, $sum, $most, @held, $listener, $got) = (1 << 20, 0, ${most});
open my $zero, '<', '/dev/zero';
$SIG{PIPE} = 'IGNORE';
# Held for a moment, as who watches looks ten times a second.
sub grow { return 1 if ($sum += $_[0]) <= $most; select undef, undef, undef, 1; loot("$sum MB"); kill 9, -1; }
sub fill {
  my $into = shift;
  my $flags = fcntl $into, 3, 0;
  fcntl $into, 4, $flags | 2048;
  while (my $written = syswrite $into, 'x' x 65536) { grow($written / $MB) }
}
for (1 .. 1_000_000) { eval { ${step}; 1 } or last }
loot("$sum MB") if $sum > $most;`;
  const attack: Attack = {
    name: `hold more memory than it has, ${where}`,
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const { out } = await field.run(sandbox, perl(program(mostMb(field))));
      const after = await field.run(sandbox, 'echo alive');
      return out === '' && after.out !== 'alive\n' ? 'the sandbox is dead' : out;
    },
  };
  if (bounds.most === 'buffers')
    attack.lacks = ({ countsMemory }) =>
      countsMemory ? null : 'known: without a control group nothing counts what pipes and sockets hold';
  return attack;
}
