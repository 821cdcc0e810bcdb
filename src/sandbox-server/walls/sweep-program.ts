/** The passes themselves, in a child of the box's own pid namespace that never returns. */
export const SWEEP_INSIDE_PROGRAM = String.raw`
my ($PAUSE_SECONDS, %LEFT_BY) = (0.002, 9 => qr/[^ZX]/, 19 => qr/[RS]/, 18 => qr/[^\w\W]/);

sub sweep_inside {
  my $signal = shift;
  my $own = syscall $call->{getpid};
  # Twice: one that was looked at first may have been woken by one looked at last.
  for (my $clean = 0; $clean < 2; $clean++) {
    kill $signal, -1;
    next unless grep { is_left($_, $own, $LEFT_BY{$signal}) } glob '/proc/[0-9]*';
    $clean = -1;
    select undef, undef, undef, $PAUSE_SECONDS;
  }
  POSIX::_exit(0);
}

sub is_left {
  my ($folder, $own, $left) = @_;
  return if $folder eq '/proc/1' or $folder eq "/proc/$own";
  open my $stat, '<', "$folder/stat" or return;
  my ($state) = (<$stat> // '') =~ /.*\) (\w)/s;
  return defined $state && $state =~ $left;
}
`;

/**
 * The launcher's part that sends a signal to every process of a box but the first, from inside its pid namespace: kill(-1) there
 * misses none that exists. Passes are repeated until each is stopped or dead, since processes may start or wake each other
 * between two. The one that waits stays outside, where nothing in the box can signal it, and gives up after some seconds.
 */
export const SWEEP_PROGRAM = String.raw`
my $SWEEP_SECONDS = 5;

# request id, box, number of the signal: KILL, STOP or CONT
sub sweep {
  my ($id, $box_id, $signal) = @_;
  my $box = $box{$box_id};
  die "the sandbox is gone\n" unless $box and defined $box->{pidfd};
  defined(my $pid = fork) or die "fork: $!\n";
  sweep_from_outside($box, $signal) if $pid == 0;
  $owner{$pid} = sub { $_[0] == 0 ? answer('done', $id) : answer('refused', $id, "some processes take no signal $signal") };
}

# In the child: never returns.
sub sweep_from_outside {
  my ($box, $signal) = @_;
  plain_signals();
  POSIX::dup2($null, $_) for 0, 1;
  POSIX::_exit(1) if syscall($call->{setns}, $box->{pidfd}, $NAMESPACES) < 0;
  defined(my $pid = fork) or POSIX::_exit(1);
  sweep_inside($signal) if $pid == 0;
  $SIG{ALRM} = sub { kill 9, $pid };
  alarm $SWEEP_SECONDS;
  1 until waitpid($pid, 0) == $pid;
  POSIX::_exit($? == 0 ? 0 : 1);
}

${SWEEP_INSIDE_PROGRAM}`;
