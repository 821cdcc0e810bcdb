import { DISK_PROGRAM } from '../disk-program.ts';
import { LAUNCHER_LOOP, LAUNCHER_START } from '../launcher-program.ts';
import { COMMANDS_PROGRAM } from './commands-program.ts';

const BOXES = String.raw`
my ($NEWPID, $SIGCHLD, $PDEATHSIG) = (0x20000000, 17, 1);
my ($NOSUID_NODEV, $RDONLY, $REMOUNT, $BIND, $RECURSIVE) = (6, 1, 32, 4096, 16384);
my $LONGEST_LINE = 8192;
umask 0;
syscall($call->{unshare}, 0x40000000) == 0 or die "unshare: $!\n";

# id, host uid, host gid, cgroup files and rlimits (each joined by newlines), folder to mount the disk on and with what options,
# how its files start and layers (nothing), host id of root inside, places of the tree (lines of kind, path, source), config of the bundle, then runsc and its arguments
sub make {
  my ($id, $uid, $gid, $cgroups, $limits, $disk, $options, $way, $layers, $root_id, $tree, $config, @argv) = @_;
  my ($life, $held) = new_pipe();
  my ($report, $tell) = new_pipe();
  my $pid = syscall $call->{clone}, $NEWPID | $SIGCHLD, 0, 0, 0, 0;
  die "fork: $!\n" if $pid < 0;
  if ($pid == 0) {
    eval {
      join_groups(split /\n/, $cgroups);
      # runsc is the first of its pid namespace: with it ends everything that it started.
      do_or_die(prctl => $PDEATHSIG, 9, 0, 0, 0);
      mount_disk($uid, $gid, $disk, $options);
      lay_own($disk, $root_id);
      lay_tree($disk, [map { [split /\t/] } split /\n/, $tree]);
      write_file("$disk/own/bundle/config.json", $config);
      plain_signals();
      POSIX::dup2(fileno $life, 0);
      POSIX::dup2(fileno $tell, $_) for 1, 2;
      POSIX::close($_) for 3 .. 9;
      %ENV = (PATH => '/usr/sbin:/usr/bin:/sbin:/bin', HOME => '/');
      exec { $argv[0] } @argv;
      die "$argv[0]: $!\n";
    };
    POSIX::write(fileno $tell, $@, length $@);
    POSIX::_exit(126);
  }
  $box{$id} = { id => $id, pid => $pid, cgroups => [split /\n/, $cgroups], held => $held, report => $report, text => '', words => '',
    unsent => '', door => "/proc/$pid/root$disk/own/door" };
  fcntl $held, 4, 04000 | 1;
  $owner{$pid} = sub { box_gone($box{$id}) };
  $reader{fileno $report} = sub { box_reports($box{$id}) };
}

sub join_groups { write_file($_, '0') for @_ }

sub mount_on {
  my ($at, $from, $flags, $type, $options) = @_;
  my ($kind, $data) = ($type // 'none', $options // '');
  syscall($call->{mount}, $from, $at, $kind, $flags, $data) == 0 or die "mount $at: $!\n";
}

# What is written for a box lies beside its disk, which the box may fill. Nothing is left of it when its mount namespace ends.
sub lay_own {
  my ($disk, $root_id) = @_;
  mount_on('/proc', 'proc', $NOSUID_NODEV, 'proc');
  mkdir "$disk/$_" or die "$_: $!\n" for qw(root own);
  # Without the disk's flags: gVisor's file server makes it read-only once more, and then may not lose any.
  mount_on("$disk/root", 'tmpfs', 0, 'tmpfs', 'size=1m,mode=755');
  mount_on("$disk/own", 'tmpfs', $NOSUID_NODEV, 'tmpfs', 'size=16m,mode=711');
  for (qw(bundle state door door/pids)) {
    mkdir "$disk/own/$_", 0700 or die "$_: $!\n";
    chown $root_id, $root_id, "$disk/own/$_" if /door/;
  }
}

# The tree that the box sees, seen by the host as well. Mount points first: then it becomes read-only.
sub lay_tree {
  my ($disk, $places) = @_;
  my $top = "$disk/root";
  umask 022; # and runsc's own
  for (@$places) {
    my ($kind, $at, $from) = @$_;
    if ($kind eq 'link') { symlink $from, "$top$at" or die "$at: $!\n" }
    elsif ($kind ne 'host' or -d $from) { mkdir "$top$at" or die "$at: $!\n" }
    else { write_file("$top$at", '') }
  }
  mount_on($top, 'none', $REMOUNT | $RDONLY);
  for (@$places) {
    my ($kind, $at, $from) = @$_;
    bind_read_only($from, "$top$at") if $kind eq 'host';
    mount_on("$top$at", "$disk/$from", $BIND) if $kind eq 'own';
  }
}

sub bind_read_only {
  my ($from, $at) = @_;
  mount_on($at, $from, $BIND | $RECURSIVE);
  mount_on($at, 'none', $BIND | $REMOUNT | $RDONLY | $NOSUID_NODEV);
}

# Lines of the first process inside, and whatever runsc says before it fails. Neither is believed about another box.
sub box_reports {
  my $box = shift;
  return stop_reading($box) unless sysread $box->{report}, $box->{text}, 65536, length $box->{text};
  hear($box, split / /, $1, 3) while $box->{text} =~ s/^([^\n]*)\n//;
  hear($box, substr $box->{text}, 0, $LONGEST_LINE, '') while length $box->{text} > $LONGEST_LINE;
}

sub hear {
  my ($box, $word, $id, $rest) = (@_, '', '', '');
  if ($word eq 'ready' and !$box->{ready}) { $box->{ready} = 1; return answer('made', $box->{id}, $box->{pid}) }
  my $command = $command{$id};
  if ($command and $command->{box} == $box) {
    return command_started($command, $1) if $word eq 'started' and $rest =~ /^(\d+)$/;
    return command_refused($command, $rest) if $word eq 'refused' and !$command->{started};
    return command_ended($command, $1) if $word eq 'ended' and $rest =~ /^(\d+ \d+)$/;
  }
  my $asked = $box->{asked}{$id};
  if ($asked and $word =~ /^(done|refused)$/) { delete $box->{asked}{$id}; return answer($word, $id, one_line($rest)) }
  $box->{words} = substr "$box->{words} $word $id $rest", -2000;
}

sub stop_reading {
  my $box = shift;
  my $fh = delete $box->{report} or return;
  delete $reader{fileno $fh};
  close $fh;
}

sub box_gone {
  my $box = shift;
  box_reports($box) while $box->{report};
  delete $writer{fileno $box->{held}};
  delete $box{$box->{id}};
  command_lost($_) for grep { $_->{box} == $box } values %command;
  answer('refused', $_, 'the sandbox is gone') for keys %{$box->{asked} // {}};
  $box->{ready} ? answer('gone', $box->{id}) : answer('failed', $box->{id}, one_line("runsc: $box->{words}"));
}

sub command_lost {
  my $command = shift;
  $command->{started} ? command_ended($command, '0 9') : command_refused($command, 'the sandbox is gone');
}

sub end {
  my $box = $box{$_[0]} or return;
  kill 9, $box->{pid};
  thaw($box);
}

${COMMANDS_PROGRAM}
my %on = (make => \&make, start => \&start, opened => \&opened, signal => \&send_signal, end => \&end, sweep => \&sweep,
  relieve => \&relieve, network => sub { answer('done', $_[0]) });

# The server is gone. A pid namespace ends only when its last process is reaped, and in a container nobody else may do that.
sub leave {
  end($_) for keys %box;
  1 while waitpid(-1, 0) > 0 or $!{EINTR};
  POSIX::_exit(0);
}
`;

/**
 * The launcher of gVisor sandboxes, in Perl. To the server it is what the launcher of bubblewrap's boxes is.
 *
 * 1. make: a pid and a mount namespace in which runsc comes first; no box outlives it, and it does not outlive the launcher.
 * 2. start: makes named pipes where the box's first process finds them, and asks that process to run the command between them.
 * 3. What the box says is checked: it is the candidate's as soon as gVisor's kernel is.
 */
export const BOXES_PROGRAM = LAUNCHER_START + DISK_PROGRAM + BOXES + LAUNCHER_LOOP;
