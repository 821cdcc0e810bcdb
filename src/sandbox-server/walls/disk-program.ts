/** One file for each page of the disk: the kernel's own limit counts in millions. */
const FILES_PER_MB = 256;

/**
 * The launcher's part that gives a box its disk: one tmpfs for all that it may write, in a mount namespace that ends with it.
 * Mounted by root, root can write there too (a tmpfs of the box's own user namespace refuses it: EOVERFLOW). An ordinary user
 * may mount only in a user namespace of its own, in which bubblewrap then makes the box's.
 */
export const DISK_PROGRAM = String.raw`
# Dies with what is refused. Runs in the process that becomes bubblewrap.
sub mount_disk {
  my ($uid, $gid, $disk, $options) = @_;
  $root ? do_or_die(unshare => 0x20000) : own_user_namespace($uid, $gid);
  my ($none, $top, $tmpfs) = ('tmpfs', '/', 'tmpfs');
  do_or_die(mount => $none, $top, 0, 0x44000, 0);
  make_read_only('/dev');
  do_or_die(mount => $none, $disk, $tmpfs, 6, $options);
  for (['home', 0755], ['tmp', 01777], ['shm', 01777]) {
    my $folder = "$disk/$_->[0]";
    mkdir $folder or die "$folder: $!\n";
    chmod $_->[1], $folder;
    chown $uid, $gid, $folder if $root;
  }
}

# Devices bound from a read-only mount can be used, but the host's keep their modes, owners and times.
sub make_read_only {
  my ($path, $none) = (shift, 'none');
  my $read_only = pack 'Q4', 1, 0, 0, 0;
  return if syscall(442, -100, $path, 0, $read_only, 32) == 0;
  do_or_die(mount => $path, $path, $none, 0x5000, 0);
  do_or_die(mount => $none, $path, $none, 0x1023, 0);
}

sub own_user_namespace {
  my ($uid, $gid) = @_;
  do_or_die(unshare => 0x10020000);
  write_file('/proc/self/setgroups', 'deny');
  write_file('/proc/self/uid_map', "1000 $uid 1");
  write_file('/proc/self/gid_map', "1000 $gid 1");
}

sub write_file {
  my ($path, $text) = @_;
  open my $fh, '>', $path or die "$path: $!\n";
  defined syswrite $fh, $text or die "$path: $!\n";
}

# Where the id is not to be had, in a container with few, the box must not run as ours.
sub become_id {
  my ($uid, $gid) = @_;
  return unless $root;
  do_or_die(setgroups => 0, 0);
  do_or_die(setresgid => ($gid + 0) x 3);
  do_or_die(setresuid => ($uid + 0) x 3);
}

sub do_or_die {
  my ($name, @arguments) = @_;
  syscall($call->{$name}, @arguments) == 0 or die "$name: $!\n";
}
`;

/** Mount options of a box's disk; `more`: files on it that are not the box's. */
export function diskOptions(megabytes: number, more: number): string {
  return `size=${megabytes}m,nr_inodes=${megabytes * FILES_PER_MB + more},mode=755`;
}
