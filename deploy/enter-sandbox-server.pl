#!/usr/bin/perl
# The first moments of the sandbox server's container, the only ones with the rights that docker-compose.yml adds. What is started
# then is uid 1000, has none of them and cannot get any.
#
# 1. Lays a whole /proc over docker's, which hides parts of it: the kernel gives a sandbox a /proc of its own only where nothing is
#    hidden from whoever makes it.
# 2. Hands a control group of this container to the server, so that it can limit single sandboxes.
# 3. Opens the device of tunnels to it, where the container has one: networks of sandboxes go through it.
# 4. Becomes the server.
#
# docs/security.md says which right is for which step, and what happens without it.
use strict;
use warnings;
use POSIX ();

my ($ID, $HOME) = (1000, '/var/lib/evalpool/sandboxes');
my %call = (POSIX::uname())[4] eq 'x86_64' ? (mount => 165, prctl => 157) : (mount => 40, prctl => 167);
my ($REMOUNT_BIND, $NOSUID_NODEV_NOEXEC, $NO_NEW_PRIVILEGES) = (0x1020, 0xe, 38);

mount('proc', '/proc', 'proc', $NOSUID_NODEV_NOEXEC);
give_groups();
chmod 0666, '/dev/net/tun';
give($HOME) if (stat $HOME)[4] != $ID;
become(@ARGV);

sub mount {
  my ($from, $at, $type, $flags) = @_;
  syscall($call{mount}, $from, $at, $type, $flags, 0) == 0 or die "mount $at: $! (docs/security.md, the sandbox server's container)\n";
}

sub write_file {
  my ($path, $text) = @_;
  open my $file, '>', $path or die "$path: $!\n";
  defined syswrite $file, $text or die "$path: $!\n";
}

sub give { chown($ID, $ID, @_) == @_ or die "chown @_: $!\n" }

# Without them limits are kept by watching, and that of the cpu not at all: the server says so.
sub give_groups {
  open my $mounts, '<', '/proc/self/mountinfo' or die "mountinfo: $!\n";
  for (<$mounts>) {
    my ($at, $version, $options) = m{^\S+ \S+ \S+ \S+ (\S+) .* - cgroup(2?) \S+ (\S+)} or next;
    next unless $version or $options =~ /\b(memory|pids|cpu|cpuacct|freezer)\b/;
    eval { give_group($at, $version); 1 } or print STDERR "no limits by $at: $@";
  }
}

sub give_group {
  my ($at, $version) = @_;
  mount('none', $at, 'none', $REMOUNT_BIND | $NOSUID_NODEV_NOEXEC);
  my $group = "$at/evalpool";
  -d $group or mkdir $group or die "$group: $!\n";
  pass_down($at) if $version;
  write_file("$group/cgroup.procs", 0);
  give($group, grep { -e } map { "$group/$_" } qw(cgroup.procs tasks cgroup.subtree_control cgroup.threads));
}

# Version 2: a group that has processes may not pass its controls on, so all that are here go into a leaf.
sub pass_down {
  my $at = shift;
  mkdir "$at/init";
  open my $processes, '<', "$at/cgroup.procs" or die "$at: $!\n";
  for (<$processes>) { eval { write_file("$at/init/cgroup.procs", $_) } }
  for (qw(memory pids cpu)) { eval { write_file("$at/cgroup.subtree_control", "+$_") } }
}

sub become {
  syscall($call{prctl}, $NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\n";
  $) = "$ID $ID";
  POSIX::setgid($ID);
  POSIX::setuid($ID);
  die "it is still root\n" if $< == 0 or $> == 0 or ($( + 0) == 0;
  exec { $_[0] } @_;
  die "$_[0]: $!\n";
}
