/**
 * The launcher's part that finishes a box, in what bubblewrap has no words for or would take long over: the first that enters
 * does it, before it becomes a command, with the rights of the user namespace that owns the box's other ones.
 */
export const FINISH_PROGRAM = String.raw`
my ($TERMINALS, $INOTIFY_INSTANCES) = (64, 48);
# The outer user namespace has a root, and the kernel lets it write the settings of the box's networks and queues.
my @READ_ONLY = qw(sys bus fs irq sysrq-trigger);
# What tells of the host's keys, locks of files, timers, hardware and load, for nothing that a test needs.
my @HIDDEN = qw(cmdline locks keys key-users timer_list sched_debug latency_stats kcore kmsg acpi scsi pressure);
my $NOTHING = '/var/empty';

sub finish {
  my ($box, $fail) = @_;
  syscall($call->{setns}, outer_users($box), 0x10000000) == 0 or $fail->('the sandbox is gone');
  syscall($call->{setns}, $box->{pidfd}, 0x20000) == 0 or $fail->('the sandbox is gone');
  eval { bound_terminals($box->{inside}); bound_inotify(); hide_host($box->{inside}); 1 } or $fail->($@);
}

# For the sake of its devpts bubblewrap makes two user namespaces. The outer one owns the box's other namespaces.
sub outer_users {
  my $box = shift;
  open my $inner, '<', "/proc/$box->{pid}/ns/user" or return -1;
  return ioctl($inner, 0xb702, 0) || -1;
}

# A devpts bounds its own terminals, the kernel only those of all boxes together.
sub bound_terminals {
  my ($none, $folder, $options) = ('none', "$_[0]/dev/pts", "max=$TERMINALS,mode=620,ptmxmode=666");
  do_or_die(mount => $none, $folder, 0, 0x2a, $options);
}

# The server watches 32 folders of a box by such. The kernel counts them by host id too, which the boxes of an ordinary user or of
# a container's root share. Read-only already where two entered as the first.
sub bound_inotify {
  my $path = '/proc/sys/user/max_inotify_instances';
  open my $now, '<', $path or die "$path: $!\n";
  write_file($path, $INOTIFY_INSTANCES) unless <$now> == $INOTIFY_INSTANCES;
}

sub hide_host {
  my $inside = shift;
  for (map { "$inside/proc/$_" } @HIDDEN) { cover($_, -d $_ ? $NOTHING : "$inside/dev/null") if -e $_ }
  for (map { "$inside/proc/$_" } @READ_ONLY) { cover($_, $_) if -e $_ }
}

sub cover {
  my ($path, $by, $none) = (@_, 'none');
  do_or_die(mount => $by, $path, $none, 0x1000, 0);
  do_or_die(mount => $none, $path, $none, 0x102f, 0) if -d $by or $by eq $path;
}
`;
