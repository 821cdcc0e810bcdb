/**
 * The launcher's part that gives a command a terminal. A relay enters the box beside the command, with the same few rights, and
 * opens the terminal there; it carries bytes between the terminal and the two pipes that the server opens.
 *
 * 1. What a candidate writes or does not read stalls its own relay only: a buffer each way, nothing is read while it is full.
 * 2. The command's end ends it, after what the terminal still holds; so does the end of the box, of the launcher or of the server.
 */
export const TERMINAL_PROGRAM = String.raw`
my ($SET_SIZE, $SET_LOCK, $GET_NUMBER) = (0x5414, 0x40045431, 0x80045430);
my ($CHUNK, $LAST_BYTES) = (16 << 10, 128 << 10);
my ($F_SETFL, $O_NONBLOCK) = (4, 0x800);

# Gives the pipe from which the command reads the terminal's name, and the one that takes sizes.
sub open_terminal {
  my ($box, $in, $out, @size) = @_;
  my ($name, $tell) = new_pipe();
  my ($sizes, $resize) = new_pipe();
  fcntl $resize, $F_SETFL, $O_NONBLOCK;
  my $act = sub {
    my $fail = shift;
    settle($box, $fail, fileno $in, fileno $out, $null);
    keep_open($fail, fileno $sizes, fileno $tell);
    $0 = 'terminal';
    relay(new_terminal(@size));
  };
  send_in($box, $act, sub { my ($host) = @_; when_ended($host, sub { }) if defined $host });
  return ($name, $resize);
}

# In the relay: fd 0 is what is typed, 1 takes what is shown, 3 tells sizes, 4 takes the name, or why there is none.
sub new_terminal {
  my ($cols, $rows) = @_;
  my ($terminal, $number) = (undef, pack 'i', 0);
  my $ready = sysopen($terminal, '/dev/ptmx', POSIX::O_RDWR() | POSIX::O_NOCTTY() | POSIX::O_NONBLOCK())
    && ioctl($terminal, $SET_LOCK, $number)
    && ioctl($terminal, $SET_SIZE, pack 'S4', $rows, $cols, 0, 0)
    && ioctl($terminal, $GET_NUMBER, $number);
  my $name = $ready ? '/dev/pts/' . unpack 'i', $number : "$!";
  POSIX::write(4, $name, length $name);
  POSIX::close(4);
  $ready or POSIX::_exit(1);
  return $terminal;
}

sub relay {
  my $terminal = shift;
  open my $sizes, '<&=', 3;
  fcntl STDOUT, $F_SETFL, $O_NONBLOCK;
  my ($fd, $typed, $shown, $closed, $hung_up) = (fileno $terminal, '', '', 0, 0);
  while (1) {
    my ($read, $write) = ('', '');
    vec($read, 3, 1) = 1;
    vec($read, 0, 1) = 1 unless length $typed or $closed;
    vec($read, $fd, 1) = 1 unless length $shown or $hung_up;
    vec($write, $fd, 1) = 1 if length $typed and !$hung_up;
    vec($write, 1, 1) = 1 if length $shown;
    # Nobody has the terminal open now, but its session may open it again: looks now and then.
    next if select($read, $write, undef, $hung_up ? 0.2 : undef) < 0;
    $hung_up = 0;
    # Sizes first: what is typed after a change must find it done.
    if (vec $read, 3, 1) {
      last unless sysread $sizes, my $told, 4096;
      ioctl $terminal, $SET_SIZE, substr($told, -4) . pack 'S2', 0, 0;
    }
    if (vec $read, 0, 1) { $closed = 1 unless sysread STDIN, $typed, $CHUNK }
    if (vec $read, $fd, 1) { $hung_up = 1 unless sysread $terminal, $shown, $CHUNK or $!{EAGAIN} }
    if (vec $write, $fd, 1) { $hung_up = 1 unless pass($terminal, \$typed) or $!{EAGAIN} }
    if (vec $write, 1, 1) { pass(\*STDOUT, \$shown) }
  }
  show_rest($terminal, $shown);
}

sub pass {
  my ($to, $bytes) = @_;
  my $passed = syswrite $to, $$bytes;
  substr $$bytes, 0, $passed, '' if $passed;
  return $passed;
}

# The command has ended, so all it wrote is here. A child of it may write for ever: not more than a terminal can hold.
sub show_rest {
  my ($terminal, $shown) = @_;
  fcntl STDOUT, $F_SETFL, 0;
  for (my $left = $LAST_BYTES; $left > 0; $left -= length $shown) {
    1 while length $shown and pass(\*STDOUT, \$shown);
    sysread $terminal, $shown, $CHUNK or last;
  }
  1 while length $shown and pass(\*STDOUT, \$shown);
}

# In the command, whose session has no terminal yet: the first that it opens is its own.
sub take_terminal {
  my ($fail, $name) = @_;
  my $terminal = '';
  1 while sysread $name, $terminal, 100, length $terminal;
  my $fd = $terminal =~ m{^/} && POSIX::open($terminal, POSIX::O_RDWR());
  $fd or $fail->('no terminal: ' . ($terminal || 'what relays it has ended'));
  POSIX::dup2($fd, $_) for 0 .. 2;
  POSIX::close($fd);
}

# request id, command, columns, rows. A relay that does not read misses it.
sub resize {
  my ($id, $command_id, $cols, $rows) = @_;
  my $command = $command{$command_id};
  syswrite $command->{resize}, pack 'S2', $rows, $cols if $command and $command->{resize};
  answer('done', $id);
}
`;
