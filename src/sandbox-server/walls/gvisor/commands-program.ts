/**
 * The launcher's part that has a gVisor box run a command. It makes named pipes where the box's first process finds them, asks
 * that process to run the command between them, and holds them until the server has opened its ends.
 */
export const COMMANDS_PROGRAM = String.raw`
my $MOST_UNSENT = 1 << 26;

sub alive {
  my $box = $box{$_[0]};
  die "the sandbox is gone\n" unless $box and $box->{ready};
  return $box;
}

# Frames wait here while the box does not read: it must not make the launcher wait.
sub tell_box {
  my ($box, @fields) = @_;
  my $frame = pack '(N/a*)*', @fields;
  die "the sandbox does not listen\n" if length $box->{unsent} > $MOST_UNSENT;
  $box->{unsent} .= pack 'N/a*', $frame;
  send_rest($box);
}

sub send_rest {
  my $box = shift;
  my $sent = syswrite $box->{held}, $box->{unsent};
  substr $box->{unsent}, 0, $sent, '' if $sent;
  my $fd = fileno $box->{held};
  delete $writer{$fd};
  $writer{$fd} = sub { send_rest($box) } if length $box->{unsent} and (defined $sent or $!{EAGAIN});
}

# id, box, stdin wanted, then what the first process inside wants to know. It opens the other ends of these pipes by name.
sub start {
  my ($id, $box_id, $stdin, @rest) = @_;
  my $box = alive($box_id);
  my @names = map { "$box->{door}/$id.$_" } 0 .. 2;
  my $command = { id => $id, box => $box, names => \@names };
  my @held = eval { map { $_ || $stdin ? open_pipe($names[$_]) : undef } 0 .. 2 };
  if (my $error = $@) { unlink @names; die $error }
  $command->{held} = \@held;
  $command{$id} = $command;
  tell_box($box, 'start', $id, $stdin, @rest);
}

# Its folder is closed: the mode lets a command open its own /dev/stdout anew. Open for both, since who opens a named pipe after
# its last writer is gone is never told of the end.
sub open_pipe {
  my $name = shift;
  POSIX::mkfifo($name, 0666) or die "pipe: $!\n";
  sysopen my $pipe, $name, POSIX::O_RDWR() or die "pipe: $!\n";
  return $pipe;
}

sub command_started {
  my ($command, $pid) = @_;
  return if $command->{started}++;
  answer('started', $command->{id}, $pid, map { defined $_ ? fileno $_ : -1 } @{$command->{held}});
}

sub command_refused {
  my ($command, $why) = @_;
  answer('refused', $command->{id}, one_line($why));
  release($command);
  delete $command{$command->{id}};
}

sub command_ended {
  my ($command, $how) = @_;
  return if $command->{ended} or !$command->{started};
  $command->{ended} = 1;
  answer('ended', $command->{id}, $how);
  delete $command{$command->{id}} unless $command->{held};
}

sub opened {
  my $command = $command{$_[0]} or return;
  release($command);
  delete $command{$_[0]} if $command->{ended};
}

sub release {
  my $command = shift;
  delete $command->{held};
  unlink @{$command->{names}};
}

sub send_signal {
  my ($id, $signal) = @_;
  my $command = $command{$id} or return;
  tell_box($command->{box}, 'signal', $id, $signal) unless $command->{ended};
}

# request id, box, number of the signal
sub sweep {
  my ($id, $box_id, $signal) = @_;
  my $box = alive($box_id);
  $box->{asked}{$id} = 1;
  tell_box($box, 'sweep', $id, $signal);
}

# box, bytes
sub relieve {
  my ($box, $bytes) = ($box{$_[0]}, $_[1]);
  eval { tell_box($box, 'relieve', $bytes) } if $box;
}
`;
