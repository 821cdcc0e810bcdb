import { byScript, type Attack } from './attack.ts';
import { perl } from './perl.ts';

/** To have more rights than a command has. */
export const RIGHTS: readonly Attack[] = [
  byScript(
    'have a capability, or get one back',
    () =>
      `grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):' /proc/self/status | grep -v 0000000000000000; ${perl(String.raw`
my ($header, $all) = (pack('Ll', 0x20080522, 0), pack('L6', (0xffffffff) x 6));
loot('capset') if sys('capset', $header, $all) == 0;
loot('ambient') if grep { sys('prctl', 47, 2, $_, 0, 0) == 0 } 0 .. 40;
loot('keep') if sys('prctl', 8, 1, 0, 0, 0) == 0 and sys('setresuid', 0, 0, 0) == 0;`)}`,
    { onHost: 'root' },
  ),
  byScript(
    'undo no_new_privs or run without a filter',
    () =>
      `grep -E '^(NoNewPrivs:\t0|Seccomp:\t0)' /proc/self/status; ${perl(String.raw`
loot('new privileges') if sys('prctl', 38, 0, 0, 0, 0) == 0;
loot('no filter') if sys('prctl', 22, 0, 0, 0, 0) == 0;`)}`,
    { onHost: 'anyone' },
  ),
  byScript(
    'become another user',
    () =>
      perl(String.raw`
for my $id (0, 1, 999, 1001, 65534, 200000) {
  loot("uid $id") if sys('setresuid', $id, $id, $id) == 0;
  loot("gid $id") if sys('setresgid', $id, $id, $id) == 0;
  my $groups = pack 'L', $id;
  loot("group $id") if sys('setgroups', 1, $groups) == 0;
}`),
    { onHost: 'root' },
  ),
  byScript(
    'write the id maps of its namespace',
    () =>
      'for f in uid_map gid_map projid_map setgroups timens_offsets; do echo "0 0 1" >/proc/self/$f && echo $f; done',
    { onHost: 'unsafe' },
  ),
  byScript(
    "get rights by the toolchain's setuid programs",
    () =>
      perl(String.raw`
for my $program (grep { -u || -g } map { glob "$_/*" } qw(/usr/bin /usr/sbin /usr/lib/openssh /usr/lib/dbus-1.0)) {
  pipe my $from, my $to;
  my $pid = fork // next;
  if ($pid == 0) { POSIX::dup2(fileno $from, 0); POSIX::close($_) for 1, 2; exec $program, 'nobody'; POSIX::_exit(1) }
  for (1 .. 200) {
    open my $status, '<', "/proc/$pid/status" or last;
    my ($uids) = grep { /^Uid:/ } my @lines = <$status>;
    if ($uids =~ /\t(\d+)\t(\d+)\t/ and $1 != $2) { loot("$program: $uids"); last }
    last if waitpid($pid, 1) == $pid;
  }
  kill 9, $pid;
}`),
    { onHost: 'unsafe' },
  ),
  byScript(
    'get rights by a setuid program of its own',
    () =>
      'cp /bin/bash sh; chmod 6777 sh; chown 0:0 sh; (./sh -p -c "id -ru; id -u; id -g" | grep -vx 1000); cp sh /tmp/sh; chmod 4777 /tmp/sh; (/tmp/sh -p -c "id -u" | grep -vx 1000); true',
    { onHost: 'unsafe' },
  ),
  byScript(
    'give a program of its own capabilities',
    () =>
      perl(String.raw`
system 'cp /bin/true program';
my ($path, $name, $all) = ('program', 'security.capability', pack 'L5', 0x2000001, (0xffffffff) x 4);
loot('file capabilities') if sys('setxattr', $path, $name, $all, 20, 0) == 0;
for my $trusted (qw(trusted.overlay.opaque security.ima security.selinux)) {
  loot($trusted) if sys('setxattr', $path, $trusted, $all, 20, 0) == 0;
}`),
    { onHost: 'root' },
  ),
  byScript(
    'raise its priority above the host’s',
    () =>
      perl(String.raw`
my $priority = pack 'l', 10;
loot('real time') if sys('sched_setscheduler', 0, 1, $priority) == 0;
loot('nice') if eval { setpriority 0, 0, -10 } and getpriority(0, 0) < 0;
loot('disk') if sys('ioprio_set', 1, 0, 1 << 13) == 0;
open my $score, '>', '/proc/self/oom_score_adj';
loot('out of memory last') if syswrite $score, '-1000';`),
    { onHost: 'root' },
  ),
  byScript(
    'raise limits that it was given',
    () =>
      perl(String.raw`
for my $resource (4, 6 .. 8, 11 .. 14) {
  my ($limit, $more) = (pack('QQ', 0, 0), pack 'QQ', (0xffffffff) x 2);
  sys('prlimit64', 0, $resource, 0, $limit);
  loot("resource $resource") if (unpack 'QQ', $limit)[1] > 0xffff_ffff;
  my $now = sys('prlimit64', 0, $resource, $more, 0) == 0 ? (sys('prlimit64', 0, $resource, 0, $limit), (unpack 'QQ', $limit)[1]) : 0;
  loot("resource $resource is now $now") if $now >= 0xffffffff;
}`),
    { onHost: 'root' },
  ),
  byScript(
    "have a crash handed to the host's handler",
    () =>
      perl(String.raw`
my ($zero, $now) = (pack('QQ', 0, 0), pack 'QQ', 9, 9);
sys('prlimit64', 0, 4, $zero, 0);
sys('setrlimit', 4, $zero);
sys('prlimit64', 0, 4, 0, $now);
my ($soft, $hard) = unpack 'QQ', $now;
# Exactly one byte keeps the kernel from piping a core: core(5), and coredump_pipe() in fs/coredump.c.
loot("core limit $soft $hard") unless $soft == 1 and $hard == 1;`),
    { onHost: 'anyone' },
  ),
];
