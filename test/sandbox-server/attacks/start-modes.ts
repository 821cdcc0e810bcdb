import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { IS_ROOT } from '../walls/start-wall.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const NOBODY = 65_534;
/** Ids that the root of a container has on the host. */
const CONTAINER = { first: 300_000, count: 65_536 };

/** A way to start the server, and what its walls are then made of. */
export interface StartMode {
  name: string;
  /** Flags of the server that make the mode. */
  flags: readonly string[];
  /** Does each sandbox have a host id of its own? */
  ownIds: boolean;
  /** Why this machine cannot do it; null: it can. */
  lacks(): string | null;
  /** The command line that starts `argv` so. */
  wrap(argv: readonly string[]): string[];
  /** Gives the server its home. */
  own(folder: string): void;
}

/** Whatever starts this test starts the server: root here and there, on developers' machines an ordinary user. */
export const AS_FOUND: StartMode = {
  name: IS_ROOT ? 'as root' : 'as an ordinary user',
  flags: [],
  ownIds: IS_ROOT,
  lacks: () => null,
  wrap: (argv) => [...argv],
  own: () => {},
};

export const WITHOUT_CGROUPS: StartMode = {
  ...AS_FOUND,
  name: `${AS_FOUND.name}, without control groups`,
  flags: ['--cgroups', 'none'],
};

export const AS_NOBODY: StartMode = {
  name: 'as an ordinary user, from root',
  flags: [],
  ownIds: false,
  lacks: () => mustBeRoot() ?? mustBeReadable(),
  wrap: (argv) => ['setpriv', ...asNobody(), ...argv],
  own: (folder) => chownSync(folder, NOBODY, NOBODY),
};

// Perl, since a shell loses its rights by its first exec where its id is not mapped yet.
const CONTAINER_ROOT = String.raw`
use POSIX ();
my ($map, @argv) = @ARGV;
my $UNSHARE = (POSIX::uname())[4] eq 'x86_64' ? 272 : 97;
pipe my $wait, my $go;
pipe my $made, my $tell;
my $child = fork;
if ($child == 0) {
  syscall($UNSHARE, 0x3e020000) == 0 or die "unshare: $!";
  syswrite $tell, 'x';
  sysread $wait, my $mapped, 1;
  POSIX::setgid(0);
  POSIX::setuid(0);
  pass_on(fork || become());
}
sysread $made, my $ready, 1;
for (qw(uid_map gid_map)) { open my $file, '>', "/proc/$child/$_" or die "$_: $!"; print $file "$map\n" }
syswrite $go, 'x';
pass_on($child);

sub become { system 'mount -t proc proc /proc'; exec @argv; die "$argv[0]: $!" }
sub pass_on {
  my $pid = shift;
  $SIG{TERM} = sub { kill 15, $pid };
  1 until waitpid($pid, 0) == $pid;
  POSIX::_exit($? >> 8);
}
`;

/** Root, but only of a user namespace with few ids, and of the namespaces it owns: as in a container. */
export const AS_CONTAINER_ROOT: StartMode = {
  name: 'as root of a container',
  flags: [],
  ownIds: true,
  lacks: () => mustBeRoot() ?? mustBeReadable(),
  wrap: (argv) => ['perl', '-e', CONTAINER_ROOT, `0 ${CONTAINER.first} ${CONTAINER.count}`, ...argv],
  own: (folder) => chownSync(folder, CONTAINER.first, CONTAINER.first),
};

function asNobody(): string[] {
  return ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
}

function mustBeRoot(): string | null {
  return IS_ROOT ? null : 'only root can start a server as somebody else';
}

function mustBeReadable(): string | null {
  const argv = [...asNobody(), 'test', '-r', join(PROJECT, 'package.json')];
  return spawnSync('setpriv', argv).status === 0 ? null : 'an ordinary user cannot read this repository';
}
