import { COMMAND_PROGRAM } from './command-program.ts';
import { COPY_PROGRAM } from './copy-program.ts';
import { COPY_TREE_PROGRAM } from './copy-tree-program.ts';
import { DISK_PROGRAM } from './disk-program.ts';
import { ENTER_PROGRAM } from './enter-program.ts';
import { FINISH_PROGRAM } from './finish-program.ts';
import { LAYERS_PROGRAM } from './layers-program.ts';
import { MEMORY_PROGRAM } from './memory-program.ts';
import { NETWORK_PROGRAM } from './network-program.ts';
import { SWEEP_PROGRAM } from './sweep-program.ts';
import { TERMINAL_PROGRAM } from './terminal-program.ts';
import { WATCH_PROGRAM } from './watch-program.ts';

/** How every launcher begins: what it knows of the kernel, its signals, and how it answers. It is given a seccomp filter, as hex. */
export const LAUNCHER_START = String.raw`
use strict;
use warnings;
no warnings 'exec';
use POSIX ();
use Errno ();

my %numbers = (
  x86_64 => { clone => 56, unshare => 272, mount => 165, setns => 308, prlimit => 302, prctl => 157, capset => 126, setgroups => 116,
    setresgid => 119, setresuid => 117, getpid => 39, signalfd => 289, keyctl => 250, mknodat => 259,
    inotify_init1 => 294, inotify_add_watch => 254, inotify_rm_watch => 255 },
  aarch64 => { clone => 220, unshare => 97, mount => 40, setns => 268, prlimit => 261, prctl => 167, capset => 91, setgroups => 159,
    setresgid => 149, setresuid => 147, getpid => 172, signalfd => 74, keyctl => 219, mknodat => 33,
    inotify_init1 => 26, inotify_add_watch => 27, inotify_rm_watch => 28 },
);
my $call = $numbers{(POSIX::uname())[4]} or die "no system call table for this machine\n";
my ($PIDFD_OPEN, $PIDFD_SIGNAL) = (434, 424);
my $root = $> == 0;
my $filter = pack 'H*', shift @ARGV;
my (%box, %command, %reader, %writer, %owner, %ended);

# What the server was started with, descriptors and keys, must not reach a box.
opendir my $open_fds, '/proc/self/fd' or die "/proc/self/fd: $!\n";
my @inherited = grep { /^\d+$/ and $_ > 2 } readdir $open_fds;
closedir $open_fds;
POSIX::close($_) for @inherited;
syscall $call->{keyctl}, 1, 0;
# One byte of core: with none the kernel would still hand a crashed command to the host's handler, if that is a program (core(5)).
my $one_byte = pack 'QQ', 1, 1;
syscall $call->{prlimit}, 0, 4, $one_byte, 0;

# Fds 3 to 9 stay taken, so that dup2 onto a fixed number never closes one in use.
my $null = POSIX::open('/dev/null', POSIX::O_RDWR());
1 while POSIX::dup($null) < 9;
$^F = 9;
# A handler would run only after the select that it was to interrupt: Perl defers it past the call. A signalfd cannot be missed.
my $child_signal = POSIX::SigSet->new(POSIX::SIGCHLD());
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $child_signal);
my $signal_mask = pack 'Q', 1 << (POSIX::SIGCHLD() - 1);
my $signal_fd = syscall $call->{signalfd}, -1, $signal_mask, 8, 0x80800;
open my $woken, '<&=', $signal_fd or die "signalfd: $!\n";
$SIG{$_} = 'IGNORE' for qw(PIPE INT HUP TERM);

sub answer { my $line = join(' ', @_) . "\n"; syswrite STDOUT, $line }
sub one_line { my $text = shift; $text =~ s/\s+/ /g; $text =~ s/ $//; return substr $text, 0, 500 }
sub new_pipe { pipe my $from, my $to or die "pipe: $!\n"; return ($from, $to) }
sub plain_signals {
  $SIG{$_} = 'DEFAULT' for qw(PIPE INT HUP TERM);
  POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $child_signal);
}

# What is frozen by cgroup v1 dies of no signal before it is thawed. Killed first, it never runs again.
sub thaw {
  for (@{$_[0]{cgroups}}) {
    next unless m{(.*)/} and open my $state, '+<', "$1/freezer.state";
    syswrite $state, 'THAWED';
  }
}
`;

const BOXES = String.raw`
# id, host uid, host gid, cgroup files and rlimits (each joined by newlines), folder to mount the disk on and with what
# options, how its files start, layers (joined by newlines), then bubblewrap and its arguments
sub make {
  my ($id, $uid, $gid, $cgroups, $limits, $disk, $options, $way, $layers, @argv) = @_;
  my @layers = split /\n/, $layers;
  my @locks = map { hold_layer($_) } @layers;
  my ($life, $held) = new_pipe();
  my ($report, $tell) = new_pipe();
  syswrite $held, "ready\n";
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    plain_signals();
    POSIX::dup2(fileno $life, 0);
    POSIX::dup2(fileno $tell, $_) for 1, 2, 3;
    POSIX::close($_) for 4 .. 9;
    my $mount = sub { mount_disk($uid, $gid, $disk, $options); mount_layers([$uid, $gid], $disk, $way, @layers) };
    eval { $mount->(); become_id($uid, $gid); 1 } or print(STDERR $@) and POSIX::_exit(126);
    %ENV = (PATH => '/usr/bin:/bin', HOME => '/home/user');
    exec { $argv[0] } @argv;
    print STDERR "$argv[0]: $!\n";
    POSIX::_exit(127);
  }
  $box{$id} = { id => $id, uid => $uid, gid => $gid, cgroups => [split /\n/, $cgroups], locks => \@locks, monitor => $pid,
    disk => $disk, inside => $way =~ /root|bound/ ? '/template' : '', limits => [map { [split / /] } split /\n/, $limits], held => $held, report => $report, text => '' };
  $owner{$pid} = sub { box_gone($id) };
  $reader{fileno $report} = sub { box_reports($box{$id}) };
}

# bubblewrap writes the first process's host pid, that process copies "ready", and both write what goes wrong.
sub box_reports {
  my $box = shift;
  my $got = sysread $box->{report}, $box->{text}, 8192, length $box->{text};
  return stop_reading($box) unless $got;
  my ($pid) = $box->{text} =~ /"child-pid": (\d+)/;
  return unless defined $pid and $box->{text} =~ /^ready$/m;
  stop_reading($box);
  my $pidfd = syscall $PIDFD_OPEN, $pid + 0, 0;
  return if $pidfd < 0 or !is_elsewhere($pid);
  $box->{pidfd} = $pidfd;
  $box->{pid} = $pid;
  answer('made', $box->{id}, $pid);
}

# The process may have ended, and its pid be another's: whoever is signalled as the box must not be the host.
sub is_elsewhere {
  my ($there, $here) = map { (stat "/proc/$_/ns/pid")[1] } @_, 'self';
  return defined $there && $there != $here;
}

sub stop_reading {
  my $fh = delete $_[0]{report} or return;
  delete $reader{fileno $fh};
  close $fh;
}

sub box_gone {
  my $box = $box{$_[0]};
  stop_copiers($box);
  box_reports($box) while $box->{report};
  delete $box{$_[0]};
  return answer('failed', $box->{id}, one_line($box->{text})) unless defined $box->{pidfd};
  POSIX::close($box->{pidfd});
  my $gone = sub { answer('gone', $box->{id}) };
  return $gone->() unless $box->{slirp};
  $box->{when_gone} = $gone;
  kill 9, $box->{slirp};
}

sub end {
  my $box = $box{$_[0]} or return;
  close $box->{held};
  stop_copiers($box);
  syscall $PIDFD_SIGNAL, $box->{pidfd}, 9, 0, 0 if defined $box->{pidfd};
  thaw($box);
}
${DISK_PROGRAM}
${LAYERS_PROGRAM}
${COPY_TREE_PROGRAM}
${COPY_PROGRAM}
${MEMORY_PROGRAM}
${FINISH_PROGRAM}
${ENTER_PROGRAM}
${COMMAND_PROGRAM}
${TERMINAL_PROGRAM}
${NETWORK_PROGRAM}
${SWEEP_PROGRAM}
${WATCH_PROGRAM}
my %on = (make => \&make, start => \&start, opened => \&opened, signal => \&send_signal, end => \&end,
  network => \&network, sweep => \&sweep, resize => \&resize, save => \&save, load => \&load, release => \&release, drop => \&drop,
  watch => \&watch);

# The server is gone. A pid namespace ends only when its last process is reaped, and in a container nobody else may do that.
sub leave {
  end($_) for keys %box;
  1 while waitpid(-1, 0) > 0 or $!{EINTR};
  POSIX::_exit(0);
}
`;

/** How every launcher goes on for ever: takes frames, does what its %on says for their first field, and reaps, until its input ends. */
export const LAUNCHER_LOOP = String.raw`
sub obey {
  my ($name, @fields) = unpack '(N/a)*', shift;
  eval { $on{$name}->(@fields); 1 } or answer($name eq 'make' ? 'failed' : 'refused', $fields[0], one_line($@));
}

sub reap {
  while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
    my $then = delete $owner{$pid};
    if ($then) { $then->($?) } else { $ended{$pid} = $? }
  }
}

my $input = '';
$reader{0} = sub {
  leave() unless sysread STDIN, $input, 1 << 20, length $input;
  while (length $input >= 4 and length $input >= 4 + (my $size = unpack 'N', $input)) {
    obey(substr substr($input, 0, 4 + $size, ''), 4);
  }
};
$reader{fileno $woken} = sub { sysread $woken, my $ignored, 4096; reap() };
while (1) {
  my ($ready, $room) = ('', '');
  vec($ready, $_, 1) = 1 for keys %reader;
  vec($room, $_, 1) = 1 for keys %writer;
  next if select($ready, $room, undef, undef) < 0;
  for my $fd (keys %reader) { $reader{$fd}->() if vec($ready, $fd, 1) and $reader{$fd} }
  for my $fd (keys %writer) { $writer{$fd}->() if vec($room, $fd, 1) and $writer{$fd} }
}
`;

/**
 * The launcher, in Perl: one long-lived process of the server that starts boxes and enters them (docs/decisions says why).
 *
 * 1. Reads frames (length, then length-prefixed fields) on fd 0, answers with lines on fd 1, ends at end of file.
 * 2. `make` starts bubblewrap and holds the pipe that the box's first process reads: no box outlives the launcher.
 * 3. `start` forks, enters a box and runs a command; the server opens its pipes through /proc/<launcher>/fd.
 * 4. Reaps, and says how each command ended and when a box is gone.
 */
export const LAUNCHER_PROGRAM = LAUNCHER_START + BOXES + LAUNCHER_LOOP;
