import { BECOME_PROGRAM } from '../enter-program.ts';
import { LAUNCHER_LOOP, LAUNCHER_START } from '../launcher-program.ts';
import { SWEEP_INSIDE_PROGRAM } from '../sweep-program.ts';

/** Where the first process and the launcher meet, as seen inside; commands may not enter it. */
export const DOOR = '/.evalpool';

const START = String.raw`
my ($processes, @limits) = @ARGV;
my ($DOOR, $SWEEP_SECONDS, $LATE) = ('${DOOR}', 5, 96 << 20);
my $pids = "$DOOR/pids";

# gVisor counts RLIMIT_NPROC nowhere, but has the pids controller. Only commands are in its group, so that this process can always fork.
sub bound_processes {
  my ($none, $type, $options) = ('none', 'cgroup', 'pids');
  syscall($call->{mount}, $none, $pids, $type, 0, $options) == 0 or die "pids controller: $!\n";
  mkdir "$pids/commands" or die "pids controller: $!\n";
  open my $max, '>', "$pids/commands/pids.max" or die "pids controller: $!\n";
  syswrite $max, $processes or die "pids controller: $!\n";
}

# From here on the first process may only become the user, and signal what is the user's.
sub keep_few_rights {
  my ($header, $rights) = (pack('Ll', 0x20080522, 0), pack('L6', (1 << 5 | 1 << 6 | 1 << 7 | 1 << 8) x 2, 0, (0) x 3));
  syscall($call->{capset}, $header, $rights) == 0 or die "capset: $!\n";
}

# id, stdin wanted, folder, number of arguments, arguments, environment as NAME=value
sub start {
  my ($id, $stdin, $cwd, $count, @rest) = @_;
  my @argv = splice @rest, 0, $count;
  my ($report, $tell) = new_pipe();
  defined(my $pid = fork) or die "the sandbox takes no process: $!\n";
  enter($id, fileno $tell, $stdin, { cwd => $cwd, argv => \@argv, env => \@rest }) if $pid == 0;
  my $command = $command{$id} = { id => $id, pid => $pid, report => $report, text => '' };
  $reader{fileno $report} = sub { command_reports($command) };
}

# In the child: never returns.
sub enter {
  my ($id, $tell, $stdin, $command) = @_;
  my $fail = sub { POSIX::write($tell, "$_[0]\n", 1 + length $_[0]); POSIX::_exit(126) };
  my @pipes = map { open my $pipe, $_ ? '>' : '<', "$DOOR/$id.$_" or $fail->("pipe: $!"); $pipe } $stdin ? 0 : (), 1, 2;
  $command->{stdio} = [$stdin ? () : $null, map { fileno $_ } @pipes];
  open my $group, '>', "$pids/commands/cgroup.procs" or $fail->("pids controller: $!");
  syswrite $group, syscall($call->{getpid}) or $fail->("pids controller: $!");
  plain_signals();
  become({ limits => [map { [split /,/] } @limits] }, $fail, $command);
}

# The end of the report is the moment of exec, or of a death before it.
sub command_reports {
  my $command = shift;
  return if sysread $command->{report}, $command->{text}, 4096, length $command->{text};
  delete $reader{fileno $command->{report}};
  close delete $command->{report};
  my ($id, $pid) = @$command{qw(id pid)};
  my $error = one_line($command->{text});
  if (length $error) { answer('refused', $id, $error) } else { answer('started', $id, $pid) }
  my $then = sub {
    delete $command{$id};
    answer('ended', $id, $_[0] >> 8, $_[0] & 127) unless length $error;
  };
  if (exists $ended{$pid}) { $then->(delete $ended{$pid}) } else { $owner{$pid} = $then }
}

# Not reaped yet, so the pid is still its own.
sub send_signal {
  my ($id, $signal) = @_;
  my $command = $command{$id} or return;
  kill $signal + 0, $command->{pid} unless $ended{$command->{pid}};
}

# request id, number of the signal
sub sweep {
  my ($id, $signal) = @_;
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    plain_signals();
    alarm $SWEEP_SECONDS;
    sweep_inside($signal);
  }
  $owner{$pid} = sub { $_[0] == 0 ? answer('done', $id) : answer('refused', $id, "some processes take no signal $signal") };
}

# Where memory runs out the host would kill the whole sandbox: gVisor's kernel cannot go on without a page of one of its processes.
# So the largest processes die, until so many bytes will be free; all of them where that went too slowly: among many that run,
# each system call of this process waits its turn.
sub relieve {
  my $bytes = shift;
  return kill 9, -1 if $bytes > $LATE;
  my $pages = $bytes / 4096;
  my %resident;
  for my $pid (grep { $_ != 1 } map { m{(\d+)} } glob '/proc/[0-9]*') {
    open my $statm, '<', "/proc/$pid/statm" or next;
    $resident{$pid} = (split / /, <$statm> // '')[1] // 0;
  }
  for my $pid (sort { $resident{$b} <=> $resident{$a} } keys %resident) {
    last if $pages < 0;
    kill 9, $pid;
    $pages -= $resident{$pid};
  }
}

# The launcher is gone, or wants the end: what the first process leaves, gVisor's kernel kills.
sub leave { POSIX::_exit(0) }

my %on = (start => \&start, signal => \&send_signal, sweep => \&sweep, relieve => \&relieve);
bound_processes();
keep_few_rights();
answer('ready');
`;

/**
 * The first process in a gVisor sandbox, in Perl: starts the commands. It is to the launcher outside what the launcher is to the
 * server: takes frames on fd 0 and answers with lines on fd 1. ("runsc exec" needs 50 to 100 ms for each command, gives no
 * filter and no limits to it, and does not tell death by signal 9 from exit code 137.)
 *
 * Arguments: seccomp filter, number of processes, then limits as resource,value.
 */
export const INSIDE_PROGRAM = LAUNCHER_START + BECOME_PROGRAM + SWEEP_INSIDE_PROGRAM + START + LAUNCHER_LOOP;
