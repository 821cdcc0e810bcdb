import { chmodSync, statSync, type Stats } from 'node:fs';
import { IS_ROOT } from '../walls/start-wall.ts';
import { byScript, type Attack } from './attack.ts';

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);

/** To read or change what lies on the host. */
export const FILES_OF_HOST: readonly Attack[] = [
  byScript('read a file of the host that everyone may read', ({ file }) => `cat ${file}`, {
    onHost: 'anyone',
  }),
  byScript('read what only root may read', () => 'cat /etc/shadow /etc/gshadow /root/.*history', {
    onHost: 'root',
  }),
  byScript(
    'list homes, services, kernel settings and other places of the host',
    () =>
      'ls -A /root; ls -d /home/* /srv /run/* /sys/* /boot /mnt /media /var/* | grep -vx -e /home/user -e /var/tmp -e /var/empty',
    { onHost: 'anyone' },
  ),
  byScript(
    'reach the folder of the server, whose name its mounts tell',
    () =>
      'for at in $(grep -o " /[^ ]*/etc /etc " /proc/self/mountinfo); do ls $at/.. $at/../disk; done | grep -vx $(ls / /etc | sed "s/^/-e /")',
    { onHost: 'unsafe' },
  ),
  byScript(
    'climb out by dots',
    ({ file }) =>
      `up=$(printf '../%.0s' {1..300}); cat $up$file; perl -e 'chdir ".." for 1 .. 300; exec "cat", ".${file}"'`,
    { onHost: 'anyone' },
  ),
  byScript(
    'leave by the magic links of processes',
    ({ file }) =>
      `cat /proc/[0-9]*/{root,cwd,cwd/..,cwd/../..,cwd/../../..}${file} /proc/[0-9]*/task/*/root${file}`,
    { onHost: 'anyone' },
  ),
  byScript(
    'read a descriptor that the server was started with',
    () =>
      'for fd in $(ls /proc/$$/fd); do [ $fd -gt 2 ] && [ $fd -lt 255 ] && timeout 2 cat <&$fd; done; true',
    { onHost: 'unsafe' },
  ),
  byScript(
    'find the key of the server in an environment',
    ({ secret }) => `cat /proc/[0-9]*/environ | grep -ao [k]ey-${secret}`,
    { onHost: 'unsafe' },
  ),
  byScript(
    "read the kernel's memory and log",
    () =>
      'for f in /proc/kcore /dev/mem /dev/kmem /dev/port /dev/kmsg; do timeout 1 head -c 8 $f >/dev/null && echo $f; done; timeout 1 head -c 8 /proc/kmsg | grep -q . && echo kmsg; dmesg | head -1',
    { onHost: 'root' },
  ),
  // gVisor's kernel names itself in its own.
  byScript("read what the host's kernel was started with", () => 'grep -v gvisor /proc/cmdline', {
    onHost: 'anyone',
  }),
  byScript(
    'make files where the toolchain lies',
    () =>
      'for d in / /usr /usr/bin /usr/lib /usr/local/bin /etc /dev /bin /lib /opt /var /home /proc /proc/sys/kernel; do echo >$d/evalpool-new && echo $d; done; echo >~/new && [ -e ~/new ] || echo nothing can be written at all',
    { onHost: 'unsafe' },
  ),
  byScript(
    'open files of the toolchain for writing',
    () =>
      'for f in /usr/bin/perl /bin/bash /etc/passwd /etc/hosts /etc/ld.so.cache; do : >>$f && echo $f; done; find /usr /etc -type f -writable | head',
    { onHost: 'root' },
  ),
  byScript(
    'rename or unlink what the toolchain is made of',
    () =>
      'for f in /usr/bin/perl /etc/passwd /bin /dev/null /dev/pts /usr/bin/env; do [ -e $f ] || continue; mv -f $f ~/taken; rm -f $f; [ -e $f ] || echo $f; done',
    { onHost: 'unsafe' },
  ),
  byScript('link files of the host into its home', () => 'ln /usr/bin/perl ~/perl && ls ~/perl', {
    onHost: 'unsafe',
  }),
  {
    name: "change mode, owner or times of the host's devices",
    attempt: async (field) => {
      const before = DEVICES.map((path) => ({ path, stat: statSync(path) }));
      const names = DEVICES.join(' ');
      await field.run(
        await field.sandbox(),
        `touch -d 2001-02-03 ${names}; touch ${names}; chmod 600 ${names}; chown user ${names}; perl -e 'utime 1, 1, qw(${names})'`,
      );
      return before.filter(isChanged).map(restore).join(' ');
    },
  },
];

interface Device {
  path: string;
  stat: Stats;
}

function isChanged({ path, stat }: Device): boolean {
  const now = statSync(path);
  return (['mode', 'uid', 'gid', 'mtimeMs', 'atimeMs'] as const).some((each) => now[each] !== stat[each]);
}

// A machine whose /dev/null is closed is of little use, were the wall to fail.
function restore({ path, stat }: Device): string {
  if (IS_ROOT) chmodSync(path, stat.mode);
  return path;
}
