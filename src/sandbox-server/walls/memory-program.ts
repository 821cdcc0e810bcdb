/**
 * The launcher's part that keeps layers in memory: a tmpfs in a mount namespace of its own, which it takes when the first is asked
 * for. Boxes have copies of that namespace, in which they find the layers; all of it is gone with the launcher and its boxes.
 */
export const MEMORY_PROGRAM = String.raw`
my %memory;

# Dies where boxes could not be shown what lies there.
sub mount_memory {
  my $folder = shift;
  $memory{$folder} //= eval { mount_memory_once($folder); '' } // $@;
  die $memory{$folder} if $memory{$folder};
}

sub mount_memory_once {
  my $folder = shift;
  my ($none, $top, $type, $options) = ('none', '/', 'tmpfs', 'mode=700');
  do_or_die(unshare => 0x20000);
  do_or_die(mount => $none, $top, 0, 0x84000, 0); # slave: what the host mounts is still seen
  do_or_die(mount => $none, $folder, $type, 6, $options);
  try_memory($folder);
}

# Before Linux 6.3 a tmpfs could not be idmapped.
sub try_memory {
  my $folder = shift;
  my ($report, $tell) = new_pipe();
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    plain_signals();
    eval { do_or_die(unshare => 0x20000); show_layer($folder, "$folder/try", map_root_to(1, 1)); 1 } or syswrite $tell, $@;
    POSIX::_exit(0);
  }
  close $tell;
  waitpid $pid, 0;
  rmdir "$folder/try";
  sysread $report, my $why, 4096;
  die $why if $why;
}

# folder of a layer in memory that nobody needs
sub drop {
  my $folder = shift;
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) { exec qw(rm -rf --), $folder, "$folder.lock" or POSIX::_exit(1) }
  $owner{$pid} = sub { };
}
`;
