/**
 * The launcher's part that puts layers under what a box writes: overlays whose upper side lies on the box's own disk.
 *
 * As root, layers belong to root on disk and are shown as the box's own by idmapped mounts; an ordinary user's are his own
 * already. Where that is refused, a template's root is only bound, read-only. A layer in use is locked for as long as its box
 * lives: nothing that is locked is removed.
 */
export const LAYERS_PROGRAM = String.raw`
my ($OPEN_TREE, $MOVE_MOUNT, $MOUNT_SETATTR, $AT_FDCWD, $AT_EMPTY_PATH) = (428, 429, 442, -100, 0x1000);
my %PARTS = (home => ['home', 'tmp'], root => ['root']);

sub check { my ($what, $result) = @_; die "$what: $!\n" if $result < 0; return $result }

# Runs in the process that becomes bubblewrap. Host ids, the box's disk, how its files start ('', 'home', 'root' or 'bound') and the
# layers, lowest first.
sub mount_layers {
  my ($ids, $disk, $way, @layers) = @_;
  return unless $way;
  chdir $disk or die "$disk: $!\n";
  mkdir $_ or die "$_: $!\n" for qw(l up work), $way eq 'home' ? () : 'root';
  return bind_read_only("$layers[0]/root", "$disk/root") if $way eq 'bound';
  my $mapped = $root ? map_root_to(@$ids) : undef;
  # By short relative names: the options of a mount are one page, and the box reads them in its mountinfo.
  show_layer($layers[$_], "l/$_", $mapped) for 0 .. $#layers;
  lay_over($ids, $_, scalar @layers) for @{$PARTS{$way}};
  make_mount_points($ids) if $way eq 'root';
  chdir '/';
}

sub lay_over {
  my ($ids, $part, $count) = @_;
  my ($type, $at, $top) = ('overlay', $part, $count - 1);
  make_writable($ids, "up/$part", (stat "l/$top/$part")[2] & 01777);
  mkdir "work/$part" or die "work: $!\n";
  my $lower = join ':', map { "l/$_/$part" } reverse 0 .. $top;
  my $options = "lowerdir=$lower,upperdir=up/$part,workdir=work/$part,"
    . ($root ? 'redirect_dir=on,index=off,metacopy=off,xino=off' : 'userxattr');
  check('overlay', syscall $call->{mount}, $type, $at, $type, 6, $options);
}

sub make_writable {
  my ($ids, $folder, $mode) = @_;
  mkdir $folder or die "$folder: $!\n";
  chmod $mode, $folder;
  chown @$ids, $folder if $root;
}

# A box of before may have left links in their places.
sub make_mount_points {
  my $ids = shift;
  for (qw(root/proc root/dev)) {
    next if -d and not -l;
    unlink;
    make_writable($ids, $_, 0755);
  }
}

sub show_layer {
  my ($layer, $at, $mapped) = @_;
  my $whole = '';
  mkdir $at or die "$at: $!\n";
  my $tree = check('open_tree', syscall $OPEN_TREE, $AT_FDCWD, $layer, 0x80001);
  # read-only, no set-user-id, no devices; idmapped
  my $attributes = pack 'QQQQ', 7 | ($mapped ? 0x100000 : 0), 0, 0, $mapped ? fileno $mapped : 0;
  check('mount_setattr', syscall $MOUNT_SETATTR, $tree, $whole, $AT_EMPTY_PATH, $attributes, length $attributes);
  check('move_mount', syscall $MOVE_MOUNT, $tree, $whole, $AT_FDCWD, $at, 4);
  POSIX::close($tree);
}

sub bind_read_only {
  my ($from, $to) = @_;
  my $none = 'none';
  check('mount', syscall $call->{mount}, $from, $to, $none, 0x1000, 0);
  check('mount', syscall $call->{mount}, $none, $to, $none, 0x1027, 0);
}

# A user namespace that maps root to the ids of the box. A process makes it, and need not stay.
sub map_root_to {
  my ($uid, $gid) = @_;
  my ($stay, $held) = new_pipe();
  my ($report, $tell) = new_pipe();
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    close $held;
    syswrite $tell, 'x' if syscall($call->{unshare}, 0x10000000) == 0;
    close $tell;
    sysread $stay, my $end, 1;
    POSIX::_exit(0);
  }
  close $tell;
  sysread $report, my $made, 1 or die "no user namespace for layers\n";
  write_file("/proc/$pid/uid_map", "0 $uid 1");
  write_file("/proc/$pid/gid_map", "0 $gid 1");
  open my $namespace, '<', "/proc/$pid/ns/user" or die "user namespace: $!\n";
  close $held;
  waitpid $pid, 0;
  return $namespace;
}

# Gives the lock, which lasts as long as the handle.
sub hold_layer {
  my $folder = shift;
  open my $lock, '<', "$folder.lock" or die "the template was removed\n";
  my $held = flock $lock, 5;
  my ($own, $there) = map { (stat $_)[1] // -1 } $lock, "$folder.lock";
  die "the template was removed\n" unless $held and $own == $there and -d $folder;
  return $lock;
}
`;
