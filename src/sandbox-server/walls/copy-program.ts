/**
 * The launcher's part that copies the files of a box into a new layer, and a layer into a box where none can be mounted. A child
 * does it, with the box's own rights over its files where we are not root. The box's disk bounds how much there is to copy.
 */
export const COPY_PROGRAM = String.raw`

# request id, box, folder of the layer to make, memory to mount before ('': none), 'upper', 'whole' or 'layer', then pairs: a path
# in the box, a part of its overlays or of another layer, and where it lies in the layer
sub save {
  my ($id, $box_id, $folder, $memory, $what, @pairs) = @_;
  my $box = box_to_enter($box_id);
  mount_memory($memory) if length $memory;
  # Locked until it is released, at most as long as the box lives.
  open $box->{saved}{$folder}, '>', "$folder.lock" or die "$folder: $!\n";
  flock $box->{saved}{$folder}, 5 and mkdir $folder, 0700 or die "$folder: $!\n";
  my %view = (upper => "/proc/$box->{monitor}/root$box->{disk}/up/", whole => "/proc/$box->{pid}/root", layer => '');
  my $copy = { marks => $what ne 'whole', whole => $what eq 'whole' };
  copy_in_child($id, $box, $copy, pairs_of(sub { ($view{$what} . $_[0], "$folder/$_[1]") }, @pairs));
}

# request id, box, then pairs: a folder of a layer and a path in the box
sub load {
  my ($id, $box_id, @pairs) = @_;
  my $box = box_to_enter($box_id);
  copy_in_child($id, $box, { owner => [map { $_ + 0 } @$box{qw(uid gid)}] }, pairs_of(sub { ($_[0], "/proc/$box->{pid}/root$_[1]") }, @pairs));
}

# request id, box, folder of a layer that was saved of it
sub release {
  my ($id, $box_id, $folder) = @_;
  delete $box{$box_id}{saved}{$folder} if $box{$box_id};
  answer('done', $id);
}

sub pairs_of {
  my ($make, @pairs) = @_;
  my @made;
  while (my @pair = splice @pairs, 0, 2) { push @made, [$make->(@pair)] }
  return @made;
}

sub copy_in_child {
  my ($id, $box, $copy, @pairs) = @_;
  my ($report, $tell) = new_pipe();
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    plain_signals();
    umask 0;
    my $done = eval { copy_all($box, $copy, @pairs); 1 };
    syswrite $tell, one_line($@) unless $done;
    POSIX::_exit($done ? 0 : 1);
  }
  $box->{copiers}{$pid} = 1;
  $owner{$pid} = sub {
    my $status = shift;
    delete $box->{copiers}{$pid};
    my $why = 'the sandbox is gone';
    sysread $report, $why, 4096 if $status == 256 and not $box->{over};
    $status == 0 ? answer('done', $id) : answer('refused', $id, $why);
  };
}

# Of a box that is over.
sub stop_copiers {
  my $box = shift;
  $box->{over} = 1;
  kill 9, keys %{$box->{copiers}};
}

sub copy_all {
  my ($box, $copy, @pairs) = @_;
  my @trees = map { open_trees(@$_) } @pairs;
  # If it is dead, what was opened by its pid may be the tree of any other process.
  die "the sandbox is gone\n" if syscall($PIDFD_SIGNAL, $box->{pidfd}, 0, 0, 0) < 0;
  # An ordinary user's box may hold files that are closed even to their owner; its user namespace opens them to us.
  check('setns', syscall $call->{setns}, $box->{pidfd}, 0x10000000) unless $root;
  syscall $call->{prctl}, 1, 9, 0, 0, 0; # dies with the launcher: it has the pipes that boxes end by
  for (@trees) {
    my ($source, $target) = @$_;
    @$copy{qw(target links)} = ($target, {});
    copy_folder($copy, $source, $target, '');
    finish_folder($copy, $source, $target, look_at($source, ''));
    set_mark($target, 'opaque', 'y') if $copy->{whole};
  }
}

sub open_trees {
  my ($from, $to) = @_;
  my $source = check($from, syscall $at->{openat}, $AT_FDCWD, $from, $READ_FOLDER);
  my ($parent) = $to =~ m{^(.*)/};
  mkdir $_, 0755 for $parent =~ m{^(.*)/}, $parent;
  mkdir $to, 0700;
  return [$source, check($to, syscall $at->{openat}, $AT_FDCWD, $to, $READ_FOLDER)];
}
`;
