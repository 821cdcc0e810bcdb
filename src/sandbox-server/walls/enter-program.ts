/** What becomes of a forked process: it drops what it may do, takes its limits, and is the command or stays one of ours. */
export const BECOME_PROGRAM = String.raw`
sub become {
  my ($box, $fail, $command) = @_;
  settle($box, $fail, @{$command->{stdio}});
  take_terminal($fail, $command->{terminal}) if $command->{terminal};
  chdir $command->{cwd} or $fail->("cwd '$command->{cwd}' does not exist");
  %ENV = map { split /=/, $_, 2 } @{$command->{env}};
  exec { $command->{argv}[0] } @{$command->{argv}};
  $fail->("cannot run '$command->{argv}[0]': $!");
}

# Leaves a process with the rights of the box's user, in a session of its own.
sub settle {
  my ($box, $fail, @stdio) = @_;
  POSIX::dup2($stdio[$_], $_) for 0 .. 2;
  POSIX::close($_) for 3 .. 9;
  POSIX::setsid();
  umask 022;
  drop_rights($fail);
  for (@{$box->{limits}}) { syscall $call->{prlimit}, 0, $_->[0] + 0, pack('QQ', $_->[1], $_->[1]), 0 }
  my $program = pack 'S x6 P', length($filter) / 8, $filter;
  syscall($call->{prctl}, 38, 1, 0, 0, 0) == 0 or $fail->("no_new_privs: $!");
  syscall($call->{prctl}, 22, 2, $program, 0, 0) == 0 or $fail->("seccomp: $!");
}

# For one that does not exec: closes everything but its standard streams and these, which become 3, 4 … That ends its report.
sub keep_open {
  my ($fail, @fds) = @_;
  my $close_range = 436;
  POSIX::dup2($fds[$_], 3 + $_) for keys @fds;
  syscall($close_range, 3 + @fds, 0xffffffff, 0) == 0 or $fail->("close_range: $!");
}

# Until its exec it holds a copy of the launcher, which knows of other boxes: not dumpable, nobody inside can look into it.
sub drop_rights {
  my $fail = shift;
  syscall($call->{prctl}, 4, 0, 0, 0, 0) == 0 or $fail->("not dumpable: $!");
  for my $capability (0 .. 63) { last if syscall($call->{prctl}, 24, $capability, 0, 0, 0) < 0 }
  if ($root) {
    syscall($call->{setresgid}, 1000, 1000, 1000) == 0 or $fail->("setresgid: $!");
    syscall($call->{setresuid}, 1000, 1000, 1000) == 0 or $fail->("setresuid: $!");
  }
  syscall $call->{prctl}, 47, 4, 0, 0, 0;
  my ($header, $none) = (pack('Ll', 0x20080522, 0), pack('L6', (0) x 6));
  syscall($call->{capset}, $header, $none) == 0 or $fail->("capset: $!");
}
`;

/**
 * The launcher's part that enters a box: all namespaces in one call, by pidfd. The one for pids counts for children only: root
 * sets it around a single fork; an ordinary user may do so only inside the box's user namespace, so there a first child joins
 * and leaves a second to the launcher as its own.
 */
export const ENTER_PROGRAM = String.raw`
my $NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000;
my ($NEWPID, $CLONE_PARENT, $SIGCHLD) = (0x20000000, 0x8000, 17);
open my $own_pids, '<', '/proc/self/ns/pid' or die "/proc/self/ns/pid: $!\n";

# Forks a process that does $act in the box. $then is told its pid here, its pid there and what went wrong, if it did, at the
# moment of its exec, of its death before, or of its closing the report.
sub send_in {
  my ($box, $act, $then) = @_;
  my ($report, $tell) = new_pipe();
  defined(my $pid = $root ? fork_inside($box) : fork) or die "the sandbox takes no process: $!\n";
  enter($box, fileno $tell, $act) if $pid == 0;
  if ($root) { syswrite $tell, "host $pid\n" } else { $owner{$pid} = sub { } }
  my $sent = { box => $box, report => $report, text => '' };
  $reader{fileno $report} = sub { hear_of($sent, $then) };
}

sub hear_of {
  my ($sent, $then) = @_;
  return if sysread $sent->{report}, $sent->{text}, 4096, length $sent->{text};
  stop_reading($sent);
  my ($host) = $sent->{text} =~ /^host (\d+)$/m;
  my ($inside) = $sent->{text} =~ /^pid (\d+)$/m;
  my ($error) = $sent->{text} =~ /^error (.*)$/ms;
  $error //= 'the sandbox is gone' unless defined $host and defined $inside;
  $sent->{box}{finished} = 1 unless defined $error;
  $then->($host, $inside, $error);
}

# Calls back with the status of a child when it has ended, which may be by now.
sub when_ended {
  my ($pid, $then) = @_;
  if (exists $ended{$pid}) { $then->(delete $ended{$pid}) } else { $owner{$pid} = $then }
}

sub fork_inside {
  my $box = shift;
  return if syscall($call->{setns}, $box->{pidfd}, $NEWPID) < 0;
  my $pid = syscall $call->{clone}, $SIGCHLD, 0, 0, 0, 0;
  return $pid if $pid == 0;
  my $error = $!;
  syscall($call->{setns}, fileno $own_pids, $NEWPID) == 0 or exit;
  $! = $error;
  return $pid < 0 ? undef : $pid;
}

# In the child: never returns.
sub enter {
  my ($box, $tell, $act) = @_;
  my $fail = sub { POSIX::write($tell, "error $_[0]\n", 7 + length $_[0]); POSIX::_exit(126) };
  my @cgroups = map { open my $fh, '>', $_ or $fail->("$_: $!"); $fh } @{$box->{cgroups}};
  plain_signals();
  # Where the host's memory runs out, commands go before anything of ours.
  if (open my $score, '>', '/proc/self/oom_score_adj') { syswrite $score, '500' }
  if ($root) { syscall $call->{setgroups}, 0, 0 }
  finish($box, $fail) unless $box->{finished};
  my $join = $root ? $NAMESPACES & ~$NEWPID : $NAMESPACES;
  $fail->('the sandbox is gone') if syscall($call->{setns}, $box->{pidfd}, $join) < 0;
  leave_second($tell, $fail) unless $root;
  # Joined from inside, since joining is never refused for the limit while a fork is.
  for (@cgroups) { syswrite $_, '0' or $fail->("cgroup: $!") }
  my $inside = syscall $call->{getpid};
  POSIX::write($tell, "pid $inside\n", 5 + length $inside);
  if ($box->{inside}) { chroot $box->{inside} or $fail->("chroot: $!") }
  eval { $act->($fail); 1 } or $fail->(one_line($@));
  POSIX::_exit(0);
}

# Returns in the second child only.
sub leave_second {
  my ($tell, $fail) = @_;
  my $pid = syscall $call->{clone}, $CLONE_PARENT | $SIGCHLD, 0, 0, 0, 0;
  return if $pid == 0;
  $fail->("the sandbox takes no process: $!") if $pid < 0;
  POSIX::write($tell, "host $pid\n", 6 + length $pid);
  POSIX::_exit(0);
}

${BECOME_PROGRAM}
`;
