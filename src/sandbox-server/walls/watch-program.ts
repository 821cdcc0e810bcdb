/**
 * The launcher's part that watches a folder of a box: a process enters it like a command, with the same few rights, and tells
 * changes by lines of `<type> <name>`, the name relative to the folder and escaped as in a URL.
 *
 * 1. Folders below are watched from when they are seen; what they hold already is told as new, and not twice.
 * 2. A reader that is behind stops it; what the kernel then cannot keep is lost, and that is told as the end (LOST).
 * 3. So is a tree of more folders than it may watch (FULL).
 */
export const WATCH_PROGRAM = String.raw`
my ($MOST_FOLDERS, $MOST_TOLD, $FLUSH_BYTES) = (16_384, 100_000, 64 << 10);
my %TYPE = (0x2 => 'WRITE', 0x4 => 'CHMOD', 0x40 => 'RENAME', 0x80 => 'CREATE', 0x100 => 'CREATE', 0x200 => 'REMOVE',
  0x400 => 'REMOVE', 0x800 => 'RENAME');
my ($MOVED_SELF, $OVERFLOW, $IGNORED, $IS_FOLDER) = (0x800, 0x4000, 0x8000, 0x40000000);
my ($ONLY_FOLDERS, $DO_NOT_FOLLOW) = (0x1000000, 0x2000000);
# Paths and the kernel's numbers for what is watched, what a walk has told, what is not written yet, how to give up.
my ($inotify, $top, $recursive, %path, %number, %told, $lines, $give_up);

# id, box, folder, recursive (1 or '')
sub watch {
  my ($id, $box_id, @what) = @_;
  my $box = box_to_enter($box_id);
  my ($held, $out) = new_pipe();
  my $act = sub {
    my $fail = shift;
    settle($box, $fail, $null, fileno $out, $null);
    $0 = 'watcher';
    tell_changes($fail, @what);
  };
  run_in($box, $act, { id => $id, held => [undef, $held, undef] });
}

# In the watcher: never returns.
sub tell_changes {
  (my $fail, $top, $recursive) = @_;
  my $refuse = sub { $fail->('errno ' . (sort grep { $!{$_} } keys %!)[0]) };
  $give_up = sub { $fail->('errno EMFILE') };
  $lines = '';
  $inotify = syscall $call->{inotify_init1}, 0;
  $refuse->() if $inotify < 0 or !add_folder('');
  add_below('', 0) if $recursive;
  keep_open($fail, $inotify);
  $inotify = 3;
  $give_up = sub { $lines .= "$_[0]\n"; flush_lines(); POSIX::_exit(1) };
  while (POSIX::read($inotify, my $events, $FLUSH_BYTES)) {
    take_events($events);
    flush_lines();
    my $more = '';
    vec($more, $inotify, 1) = 1;
    %told = () if keys %told > $MOST_TOLD or !select($more, undef, undef, 0);
  }
  POSIX::_exit(1);
}

sub take_events {
  my $events = shift;
  while (length $events) {
    my ($number, $mask, undef, $length) = unpack 'l L3', $events;
    my $name = unpack 'Z*', substr $events, 16, $length;
    substr $events, 0, 16 + $length, '';
    $give_up->('LOST') if $mask & $OVERFLOW;
    if ($mask & $IGNORED) { forget($number) }
    elsif (defined $path{$number}) { take_event($path{$number}, $mask, $name) }
  }
}

sub take_event {
  my ($in, $mask, $name) = @_;
  my $type = $TYPE{$mask & 0xfff} or return;
  if (!length $name) {
    # What happens to a folder below is told by the one above it.
    return if length $in;
    tell_change($type, '.');
    return $mask & $MOVED_SELF ? forget_below('') : ();
  }
  my $path = join_path($in, $name);
  return if delete $told{$path} and $type eq 'CREATE';
  tell_change($type, $path);
  return unless $recursive and $mask & $IS_FOLDER;
  forget_below($path) if $type eq 'RENAME';
  add_below($path, 1) if $type eq 'CREATE' and add_folder($path);
}

# Watches the folders below one that is watched. What they hold came before the watch, or is told by it once more.
sub add_below {
  my ($start, $tell) = @_;
  my @waiting = $start;
  while (defined(my $in = shift @waiting)) {
    opendir my $entries, full_path($in) or next;
    while (defined(my $name = readdir $entries)) {
      next if $name eq '.' or $name eq '..';
      my $path = join_path($in, $name);
      if ($tell) { tell_change('CREATE', $path); $told{$path} = 1 }
      lstat full_path($path);
      push @waiting, $path if -d _ and add_folder($path);
    }
  }
}

# False: it is watched by that name already, is no folder, gone, or may not be read.
sub add_folder {
  my $path = shift;
  my $full = full_path($path);
  my $mask = 0xfc6 | $ONLY_FOLDERS | (length $path ? $DO_NOT_FOLLOW : 0);
  my $number = syscall $call->{inotify_add_watch}, $inotify, $full, $mask;
  $give_up->('FULL') if $number < 0 ? $!{ENOSPC} : keys %path >= $MOST_FOLDERS;
  return if $number < 0;
  my $before = $path{$number};
  return if defined $before and $before eq $path;
  if (defined $before) { forget_below($before); return add_folder($path) }
  $path{$number} = $path;
  $number{$path} = $number;
  return 1;
}

sub forget {
  my $number = shift;
  my $path = delete $path{$number};
  delete $number{$path} if defined $path and ($number{$path} // -1) == $number;
}

sub forget_below {
  my $above = shift;
  for my $path (grep { $_ eq $above or !length $above or index($_, "$above/") == 0 } keys %number) {
    my $number = $number{$path};
    syscall $call->{inotify_rm_watch}, $inotify, $number;
    forget($number);
  }
}

sub join_path { my ($in, $name) = @_; return length $in ? "$in/$name" : $name }
sub full_path { return length $_[0] ? "$top/$_[0]" : $top }

sub tell_change {
  my ($type, $name) = @_;
  $name =~ s{([^\w./-])}{sprintf '%%%02X', ord $1}gea;
  $lines .= "$type $name\n";
  flush_lines() if length $lines > $FLUSH_BYTES;
}

sub flush_lines { pass(\*STDOUT, \$lines) while length $lines }
`;
