/** What becomes of a forked process: it drops what it may do, takes its limits, and is the command. */
export const BECOME_PROGRAM = String.raw`
sub become {
  my ($box, $fail, $command) = @_;
  POSIX::dup2($command->{stdio}[$_], $_) for 0 .. 2;
  POSIX::close($_) for 3 .. 9;
  POSIX::setsid();
  umask 022;
  drop_rights($fail);
  for (@{$box->{limits}}) { syscall $call->{prlimit}, 0, $_->[0] + 0, pack('QQ', $_->[1], $_->[1]), 0 }
  chdir $command->{cwd} or $fail->("cwd '$command->{cwd}' does not exist");
  %ENV = map { split /=/, $_, 2 } @{$command->{env}};
  my $program = pack 'S x6 P', length($filter) / 8, $filter;
  syscall($call->{prctl}, 38, 1, 0, 0, 0) == 0 or $fail->("no_new_privs: $!");
  syscall($call->{prctl}, 22, 2, $program, 0, 0) == 0 or $fail->("seccomp: $!");
  exec { $command->{argv}[0] } @{$command->{argv}};
  $fail->("cannot run '$command->{argv}[0]': $!");
}

sub drop_rights {
  my $fail = shift;
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
 * and leaves a second to the launcher as its own. What was forked drops what it may do and becomes the command.
 */
export const ENTER_PROGRAM = String.raw`
my $NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000;
my ($NEWPID, $CLONE_PARENT, $SIGCHLD) = (0x20000000, 0x8000, 17);
my $TERMINALS = 64;
open my $own_pids, '<', '/proc/self/ns/pid' or die "/proc/self/ns/pid: $!\n";

# id, box, stdin wanted, folder, number of arguments, arguments, environment as NAME=value
sub start {
  my ($id, $box_id, $stdin, $cwd, $count, @rest) = @_;
  my $box = $box{$box_id};
  die "the sandbox is gone\n" unless $box and defined $box->{pidfd};
  my @argv = splice @rest, 0, $count;
  my ($in, $in_held) = $stdin ? new_pipe() : ();
  my ($out_held, $out) = new_pipe();
  my ($err_held, $err) = new_pipe();
  my ($report, $tell) = new_pipe();
  # A process that opens /dev/stderr anew is asked for the pipe's own permissions.
  if ($root) { chown $box->{uid}, $box->{gid}, grep { defined } $in, $out, $err }
  my $stdio = [$in ? fileno $in : $null, fileno $out, fileno $err];
  defined(my $pid = $root ? fork_inside($box) : fork) or die "the sandbox takes no process: $!\n";
  enter($box, fileno $tell, { stdio => $stdio, cwd => $cwd, argv => \@argv, env => \@rest }) if $pid == 0;
  if ($root) { syswrite $tell, "host $pid\n" } else { $owner{$pid} = sub { } }
  my $command = $command{$id} = { id => $id, box => $box, report => $report, text => '', held => [$in_held, $out_held, $err_held] };
  $reader{fileno $report} = sub { command_reports($command) };
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
  my ($box, $tell, $command) = @_;
  my $fail = sub { POSIX::write($tell, "error $_[0]\n", 7 + length $_[0]); POSIX::_exit(126) };
  my @cgroups = map { open my $fh, '>', $_ or $fail->("$_: $!"); $fh } @{$box->{cgroups}};
  plain_signals();
  # Where the host's memory runs out, commands go before anything of ours.
  if (open my $score, '>', '/proc/self/oom_score_adj') { syswrite $score, '500' }
  if ($root) { syscall $call->{setgroups}, 0, 0 }
  bound_terminals($box, $fail) unless $box->{bounded};
  my $join = $root ? $NAMESPACES & ~$NEWPID : $NAMESPACES;
  $fail->('the sandbox is gone') if syscall($call->{setns}, $box->{pidfd}, $join) < 0;
  leave_second($tell, $fail) unless $root;
  # Joined from inside, since joining is never refused for the limit while a fork is.
  for (@cgroups) { syswrite $_, '0' or $fail->("cgroup: $!") }
  my $inside = syscall $call->{getpid};
  POSIX::write($tell, "pid $inside\n", 5 + length $inside);
  become($box, $fail, $command);
}

# A devpts bounds its own terminals, the kernel only those of all boxes together. Once for each box, by the first that enters.
sub bound_terminals {
  my ($box, $fail) = @_;
  my ($none, $folder, $options) = ('none', '/dev/pts', "max=$TERMINALS,mode=620,ptmxmode=666");
  $root or syscall($call->{setns}, outer_users($box), 0x10000000) == 0 or $fail->('the sandbox is gone');
  syscall($call->{setns}, $box->{pidfd}, 0x20000) == 0 or $fail->('the sandbox is gone');
  syscall($call->{mount}, $none, $folder, 0, 0x2a, $options) == 0 or $fail->("$folder: $!");
}

# For the sake of its devpts bubblewrap makes two user namespaces. The outer one owns the box's other namespaces.
sub outer_users {
  my $box = shift;
  open my $inner, '<', "/proc/$box->{pid}/ns/user" or return -1;
  return ioctl($inner, 0xb702, 0) || -1;
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
# The end of the report is the moment of exec, or of a death before it.
sub command_reports {
  my $command = shift;
  return if sysread $command->{report}, $command->{text}, 4096, length $command->{text};
  stop_reading($command);
  my ($host) = $command->{text} =~ /^host (\d+)$/m;
  my ($inside) = $command->{text} =~ /^pid (\d+)$/m;
  my ($error) = $command->{text} =~ /^error (.*)$/ms;
  $error //= 'the sandbox is gone' unless defined $host and defined $inside;
  if (defined $error) {
    delete $command{$command->{id}};
    answer('refused', $command->{id}, one_line($error));
  } else {
    $command->{host} = $host;
    $command->{box}{bounded} = 1;
    answer('started', $command->{id}, $inside, map { defined $_ ? fileno $_ : -1 } @{$command->{held}});
  }
  return unless defined $host;
  my $then = sub { command_ended($command, shift) };
  if (exists $ended{$host}) { $then->(delete $ended{$host}) } else { $owner{$host} = $then }
}

sub command_ended {
  my ($command, $status) = @_;
  delete $command->{host};
  answer('ended', $command->{id}, $status >> 8, $status & 127) if $command{$command->{id}};
  $command->{ended} = 1;
  delete $command{$command->{id}} unless $command->{held};
}

sub opened {
  my $command = $command{$_[0]} or return;
  delete $command->{held};
  delete $command{$_[0]} if $command->{ended};
}

# Not reaped yet, so the pid is still its own.
sub send_signal {
  my $command = $command{$_[0]} or return;
  kill $_[1] + 0, $command->{host} if defined $command->{host};
}
`;
