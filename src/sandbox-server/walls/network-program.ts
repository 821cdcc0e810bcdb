/**
 * The launcher's part that gives a box a way out: slirp4netns, a TCP/IP stack in user space that runs under the box's own
 * host id and is attached to the box's network namespace by path. Before it starts, routes inside refuse every private,
 * link-local and own address of the host; the box lacks the right to change them.
 */
export const NETWORK_PROGRAM = String.raw`
# request id, box, 1 or 0, refused networks (a.b.c.d/n, joined by spaces)
sub network {
  my ($id, $box_id, $on, $refused) = @_;
  my $box = $box{$box_id};
  die "the sandbox is gone\n" unless $box and defined $box->{pidfd};
  if (!$on and $box->{slirp}) { $box->{when_closed} = $id; return kill 9, $box->{slirp} }
  return answer('done', $id) unless $on;
  my %wanted = map { $_ => 1 } split / /, $refused;
  my %before = %{$box->{refused} // {}};
  # Until it is done, both the old and the new may be there.
  $box->{refused} = { %before, %wanted };
  my $done = sub { $box->{refused} = \%wanted; answer('done', $id) };
  my $routes = { add => [keys %wanted], remove => [grep { !$wanted{$_} } keys %before] };
  return reroute($box, $routes, $id, $done) if $box->{slirp};
  my ($stay, $held) = new_pipe();
  my ($report, $tell) = new_pipe();
  defined(my $pid = fork) or die "fork: $!\n";
  slirp($box, fileno $stay, fileno $tell, $routes) if $pid == 0;
  $box->{slirp} = $pid;
  my $way = { id => $id, done => $done, report => $report, text => '', held => $held };
  $reader{fileno $report} = sub { network_reports($way) };
  $owner{$pid} = sub { stop_reading($way); network_ended($box, $way) };
}

sub network_reports {
  my $way = shift;
  return stop_reading($way) unless sysread $way->{report}, $way->{text}, 4096, length $way->{text};
  return if $way->{open} or $way->{text} !~ /^1/m;
  $way->{open} = 1;
  $way->{done}->();
}

sub network_ended {
  my ($box, $way) = @_;
  delete $box->{slirp};
  answer('refused', $way->{id}, one_line("no network: $way->{text}")) unless $way->{open};
  answer('done', delete $box->{when_closed}) if $box->{when_closed};
  delete($box->{when_gone})->() if $box->{when_gone};
}

# Changes the routes of a box that has a way out; connections that are open follow them.
sub reroute {
  my ($box, $routes, $id, $done) = @_;
  defined(my $pid = fork) or die "fork: $!\n";
  if ($pid == 0) {
    plain_signals();
    POSIX::dup2($null, $_) for 0, 1;
    POSIX::dup2(outer_users($box), 5);
    set_routes($box, $routes);
  }
  $owner{$pid} = sub { $_[0] == 0 ? $done->() : answer('refused', $id, 'the routes of the sandbox could not be changed') };
}

# In the child: never returns.
sub slirp {
  my ($box, $stay, $tell, $routes) = @_;
  plain_signals();
  my $users = outer_users($box);
  POSIX::dup2($null, $_) for 0, 1;
  POSIX::dup2($tell, $_) for 2, 3;
  POSIX::dup2($stay, 4);
  POSIX::dup2($users, 5);
  POSIX::close($_) for 6 .. 9;
  eval { make_tun(); become_id($box->{uid}, $box->{gid}); 1 } or print(STDERR $@) and POSIX::_exit(1);
  my $pid = fork;
  set_routes($box, $routes) if defined $pid and $pid == 0;
  if (defined $pid) { waitpid $pid, 0 }
  POSIX::_exit(1) unless defined $pid and $? == 0;
  exec qw(slirp4netns --configure --mtu=65520 --disable-host-loopback --enable-seccomp),
    qw(--ready-fd=3 --exit-fd=4 --netns-type=path), "--userns-path=/proc/self/fd/5", "/proc/$box->{pid}/ns/net", 'tap0';
  print STDERR "slirp4netns: $!\n";
  POSIX::_exit(127);
}

# Some machines let only root open the device of tunnels. slirp4netns is never root: it sees one of its own, open to all.
sub make_tun {
  return if !$root or ((stat '/dev/net/tun')[2] // 0) & 2;
  my ($none, $top, $tmpfs, $folder, $tun) = ('none', '/', 'tmpfs', '/dev/net', '/dev/net/tun');
  do_or_die(unshare => 0x20000);
  do_or_die(mount => $none, $top, 0, 0x44000, 0);
  do_or_die(mount => $tmpfs, $folder, $tmpfs, 10, 0);
  umask 0;
  do_or_die(mknodat => -100, $tun, 020666, 10 << 8 | 200);
}

# One unreachable route for each network, by netlink: minimal systems have neither ip nor nft. In the child: never returns.
sub set_routes {
  my ($box, $routes) = @_;
  my $stop = sub { print STDERR "$_[0]: $!\n"; POSIX::_exit(1) };
  syscall($call->{setns}, 5, 0x10000000) == 0 or $stop->('setns');
  syscall($call->{setns}, $box->{pidfd}, 0x40000000) == 0 or $stop->('setns');
  socket my $netlink, 16, 3, 0 or $stop->('netlink');
  # RTM_NEWROUTE with REQUEST, ACK, CREATE and REPLACE; RTM_DELROUTE with REQUEST and ACK
  set_route($netlink, $_, 24, 0x505) or $stop->("route $_") for @{$routes->{add}};
  set_route($netlink, $_, 25, 5) or $!{ESRCH} or $stop->("route $_") for @{$routes->{remove}};
  POSIX::_exit(0);
}

sub set_route {
  my ($netlink, $network, $type, $flags) = @_;
  my ($address, $bits) = split m{/}, $network;
  my $packed = pack 'C4', split /\./, $address;
  my $body = pack('CCCCCCCCL', 2, $bits, 0, 0, 254, 3, 0, 7, 0) . pack('SS', 8, 1) . $packed;
  defined send $netlink, pack('LSSLL', 16 + length $body, $type, $flags, 1, 0) . $body, 0 or return;
  sysread $netlink, my $reply, 4096 or return;
  $! = -unpack 'x16 l', $reply;
  return $! == 0;
}
`;
