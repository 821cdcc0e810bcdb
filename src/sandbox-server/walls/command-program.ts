/** The launcher's part that runs commands in boxes, by what enters them, and says how each began and ended. */
export const COMMAND_PROGRAM = String.raw`
# id, box, stdin ('': none, 1: a pipe, 'cols rows': a terminal, for the rest too), folder, number of arguments, arguments,
# environment as NAME=value
sub start {
  my ($id, $box_id, $stdin, $cwd, $count, @rest) = @_;
  my $box = box_to_enter($box_id);
  my @argv = splice @rest, 0, $count;
  my @size = $stdin =~ /^(\d+) (\d+)$/;
  my ($in, $in_held) = $stdin ? new_pipe() : ();
  my ($out_held, $out) = new_pipe();
  my ($err_held, $err) = @size ? () : new_pipe();
  # A process that opens /dev/stderr anew is asked for the pipe's own permissions.
  if ($root) { chown $box->{uid}, $box->{gid}, grep { defined } $in, $out, $err }
  my ($terminal, $resize) = @size ? open_terminal($box, $in, $out, @size) : ();
  my $stdio = @size ? [($null) x 3] : [$in ? fileno $in : $null, fileno $out, fileno $err];
  my $command = { stdio => $stdio, terminal => $terminal, cwd => $cwd, argv => \@argv, env => \@rest };
  run_in($box, sub { become($box, $_[0], $command) }, { id => $id, held => [$in_held, $out_held, $err_held], resize => $resize });
}

sub box_to_enter {
  my $box = $box{$_[0]};
  return $box if $box and defined $box->{pidfd};
  die "the sandbox is gone\n";
}

# Does $act in the box and answers once it is there, again when it has ended. Held are the pipes that the server opens.
sub run_in {
  my ($box, $act, $command) = @_;
  my $id = $command->{id};
  my $ended = sub { command_ended($command, shift) };
  send_in($box, $act, sub {
    my ($host, $inside, $error) = @_;
    if (defined $error) {
      delete $command{$id};
      answer('refused', $id, one_line($error));
    } else {
      $command->{host} = $host;
      answer('started', $id, $inside, map { defined $_ ? fileno $_ : -1 } @{$command->{held}});
    }
    when_ended($host, $ended) if defined $host;
  });
  $command{$id} = $command;
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
