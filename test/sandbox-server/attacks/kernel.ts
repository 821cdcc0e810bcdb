import { byScript, type Attack } from './attack.ts';
import { perl } from './perl.ts';

/** Calls with arguments that mean nothing: refused must be the call itself. */
function asking(name: string, calls: string, onHost: 'root' | 'unsafe' = 'root'): Attack {
  const program = calls
    .trim()
    .split(/\s+/)
    .map((call) => `asked('${call}', -1, 1, 1, 1, 1);`)
    .join('\n');
  return byScript(name, () => perl(program), { onHost });
}

// On x86-64 a program may speak the kernel's 32-bit interface, whose numbers the filter does not know.
const OLD_INTERFACE = String.raw`
my ($getpid, $exit) = ("\xb8\x14\0\0\0\xcd\x80", "\xb8\x3c\0\0\0\x31\xff\x0f\x05");
my $code = $getpid . $exit;
my $program = "\x7fELF\x02\x01\x01" . "\0" x 9 . pack('SSLQQQLSSSSSS', 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
  . pack('LLQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 120 + length $code, 120 + length $code, 4096) . $code;
open my $file, '>', 'old'; binmode $file; print $file $program; close $file;
chmod 0755, 'old';
my $status = system './old';
loot('the 32-bit interface answered') if $status == 0;`;

/** To reach what the kernel keeps for the host. */
export const KERNEL: readonly Attack[] = [
  asking('reach the kernel’s keys', 'keyctl add_key request_key'),
  asking('reach BPF, perf, fanotify and userfaultfd', 'bpf perf_event_open fanotify_init userfaultfd'),
  asking('reach io_uring', 'io_uring_setup io_uring_enter io_uring_register'),
  asking(
    'trace or read the memory of others',
    'ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd move_pages migrate_pages',
  ),
  asking(
    'mount and unmount',
    'mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr',
  ),
  asking('load modules or another kernel', 'init_module finit_module delete_module kexec_load', 'unsafe'),
  asking('turn the clocks', 'settimeofday clock_settime adjtimex clock_adjtime'),
  asking(
    'name, swap, account or restart the machine',
    'sethostname setdomainname swapon swapoff acct quotactl reboot syslog',
  ),
  asking('open files by handle, keep secret memory', 'open_by_handle_at lookup_dcookie memfd_secret'),
  asking('use calls that came after the filter was made', 'listmount'),
  byScript('speak the 32-bit interface of the kernel', () => perl(OLD_INTERFACE), { onHost: 'anyone' }),
  byScript(
    'speak the third interface of x86',
    () =>
      perl(
        'my $pid = syscall 0x40000000 | 39; loot("x32: $pid") if $pid > 0; my $r = syscall 0x40000000 | 272, 0; loot("unshared") if $r == 0',
      ),
    { onHost: 'unsafe' },
  ),
  byScript(
    'take huge pages, which the host keeps for its own',
    () =>
      perl(String.raw`
sys('mmap', 0, 1 << 21, 3, 0x40022, -1, 0) < 0 and $! + 0 == 1 or loot("huge pages: $!");
my $name = 'x';
sys('memfd_create', $name, 4) < 0 and $REFUSED{$! + 0} or loot("huge memory file: $!");`),
    { onHost: 'anyone' },
  ),
  byScript(
    'use up the asynchronous I/O of all',
    () => perl('my $context = pack "Q", 0; loot("asynchronous I/O") if sys("io_setup", 1, $context) == 0'),
    { onHost: 'anyone' },
  ),
  byScript(
    'make data of others executable by its personality',
    () => perl('loot("personality") if sys("personality", 0x0400000) >= 0'),
    { onHost: 'anyone' },
  ),
  byScript(
    'write settings of the kernel',
    () =>
      'find /proc/sys /sys -writable -type f | while read f; do : >>$f && echo $f && break; done; echo 1 >/proc/sys/vm/drop_caches && echo drop; echo t >/proc/sysrq-trigger && echo sysrq',
    {
      onHost: 'unsafe',
    },
  ),
  byScript(
    'write to the files of /proc that are not of a process',
    () =>
      'find /proc -maxdepth 2 -path "/proc/[0-9]*" -prune -o -type f -writable -print | while read f; do [ -f $f ] && : >>$f && echo $f; done',
    { onHost: 'root' },
  ),
  byScript('read kernel keys that /proc lists', () => 'cat /proc/keys /proc/key-users', { onHost: 'unsafe' }),
  byScript(
    'read addresses of the kernel',
    () => 'grep -v "^0000000000000000" /proc/kallsyms | head -3; cat /proc/timer_list | head -3',
    {
      onHost: 'root',
    },
  ),
  byScript(
    'open devices of the host',
    () =>
      'ls /dev/mem /dev/kvm /dev/vd* /dev/sd* /dev/nvme* /dev/loop* /dev/fuse /dev/net /dev/vsock /dev/vhost* /dev/dri /dev/input /dev/snd /dev/mapper /dev/console /dev/userfaultfd',
    { onHost: 'anyone' },
  ),
  byScript(
    'make devices of its own',
    () =>
      perl(String.raw`
for my $device ([0x2000, 1, 1], [0x2000, 10, 200], [0x6000, 254, 0], [0x6000, 7, 0]) {
  my ($kind, $major, $minor) = @$device;
  my $path = "device-$major-$minor";
  loot($path) if sys('mknodat', -100, $path, $kind | 0666, $major << 8 | $minor) == 0;
}`),
    { onHost: 'root' },
  ),
  byScript(
    'take from the entropy of the kernel',
    () =>
      perl(String.raw`
open my $random, '+<', '/dev/urandom' or die;
my $credit = pack 'l', 64;
loot('credited') if ioctl $random, 0x40045201, $credit;
loot('cleared') if ioctl $random, 0x5204, 0;
loot('pool cleared') if ioctl $random, 0x5206, 0;
loot('reseeded') if ioctl $random, 0x5207, 0;`),
    { onHost: 'unsafe' },
  ),
];
