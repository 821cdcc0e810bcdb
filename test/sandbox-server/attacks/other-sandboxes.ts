import type { Sandbox } from 'e2b';
import type { Attack, Field } from './attack.ts';
import { perl } from './perl.ts';

/** What a victim, or one that was here before, leaves wherever it can. */
function leave(secret: string): string {
  const places = ['~/left', '/tmp/left', '/dev/shm/left', '/var/tmp/left2', '/tmp/.hidden'];
  return `${places.map((place) => `echo ${secret} >${place}`).join('; ')}; mkfifo /tmp/left-fifo; ${perl(String.raw`
my $id = sys('shmget', 0x5ec2e7, 4096, 01666);
sys('semget', 0x5ec2e7, 2, 01666);
sys('msgget', 0x5ec2e7, 01666);
my ($name, $queue) = ('left', sys('mq_open', my $path = 'left', 0102, 0666, 0));
exit if fork;
POSIX::setsid();
use Socket;
socket my $tcp, 2, 1, 0; setsockopt $tcp, 1, 2, 1; bind $tcp, sockaddr_in(7654, INADDR_ANY); listen $tcp, 5;
socket my $abstract, 1, 1, 0; bind $abstract, pack 'S a*', 1, "\0left"; listen $abstract, 5;
open STDOUT, '>', '/tmp/ready'; close STDERR; close STDIN;
$0 = 'victim ${secret}';
sleep 1000;`)}; until [ -e /tmp/ready ]; do :; done`;
}

function search(secret: string): string {
  return `grep -ars [s]${secret.slice(1)} ~ /tmp /dev/shm /var /run /home /proc/[0-9]*/cmdline /proc/[0-9]*/environ; ls /tmp /dev/shm ~ /dev/mqueue | grep left; ${perl(String.raw`
use Socket;
loot('segment') if sys('shmget', 0x5ec2e7, 0, 0) >= 0;
loot('semaphores') if sys('semget', 0x5ec2e7, 0, 0) >= 0;
loot('queue') if sys('msgget', 0x5ec2e7, 0) >= 0;
my $path = 'left';
loot('posix queue') if sys('mq_open', $path, 2, 0, 0) >= 0;
socket my $tcp, 2, 1, 0;
loot('port') if connect $tcp, sockaddr_in(7654, inet_aton('127.0.0.1'));
socket my $abstract, 1, 1, 0;
loot('abstract socket') if connect $abstract, pack 'S a*', 1, "\0left";`)}; tail -qn +2 /proc/sysvipc/*; tail -qn +2 /proc/net/unix | grep -a left; tail -n +2 /proc/locks`;
}

/** To read, disturb or starve another sandbox, before it or after it. */
export const OTHER_SANDBOXES: readonly Attack[] = [
  {
    name: 'find anything of another sandbox: files, memory, queues, ports, processes',
    attempt: async (field) => {
      const victim = await field.sandbox();
      await mustRun(field, victim, leave(field.host.secret));
      return (await field.run(await field.sandbox(), search(field.host.secret))).out;
    },
  },
  {
    name: 'find anything of the sandbox that had its place and its host id before',
    attempt: async (field) => {
      const former = await field.sandbox();
      await mustRun(field, former, leave(field.host.secret));
      await former.kill();
      return (await field.run(await field.sandbox(), search(field.host.secret))).out;
    },
  },
  {
    name: 'find in its own sandbox what the same search finds where it was left',
    // The control of the two above: here the search must find all of it.
    attempt: async (field) => {
      const sandbox = await field.sandbox();
      await mustRun(field, sandbox, leave(field.host.secret));
      const { out } = await field.run(sandbox, search(field.host.secret));
      const wanted = ['left', 'segment', 'semaphores', 'posix queue', 'port', 'abstract socket', 'victim'];
      const missing = wanted.filter((each) => !out.includes(each));
      return missing.length === 0 ? '' : `the search misses ${missing.join(', ')}: ${out}`;
    },
  },
  starving('inotify instances', `1 while sys('inotify_init1', 0) >= 0;`, `sys('inotify_init1', 0) >= 0`),
  starving(
    'terminals',
    `1 while sys('openat', -100, my $path = '/dev/ptmx', 2, 0) >= 0;`,
    `open my $pt, '+<', '/dev/ptmx'`,
  ),
  starving(
    'open files',
    `for (1 .. 90) { last unless defined(my $pid = fork); next if $pid; 1 while sys('eventfd2', 0, 0) >= 0; sleep 1000 } select undef, undef, undef, 0.5;`,
    `sys('eventfd2', 0, 0) >= 0 and open(my $file, '<', '/etc/passwd')`,
  ),
  starving(
    'processes',
    `for (1 .. 500) { last unless defined(my $pid = fork); next if $pid; sleep 1000 }`,
    `defined($pid = fork) and ($pid or POSIX::_exit(0)) and waitpid($pid, 0) == $pid`,
  ),
  starving(
    'disk and files',
    `open my $big, '>', '/tmp/big'; 1 while syswrite $big, 'x' x 1e6; my $n = 0; 1 while open my $f, '>', '/tmp/f' . $n++;`,
    `open($file, '>', '/tmp/file') and syswrite($file, 'x' x 1e6) == 1e6`,
  ),
  starving(
    'message queues and semaphores',
    `1 while sys('semget', 0, 32, 01600) >= 0 and $n++ < 40000; my $q = 0; while (1) { my $name = "q$q"; last if $q++ > 300 or sys('mq_open', $name, 0102, 0600, 0) < 0 }`,
    `sys('semget', 0, 2, 01600) >= 0`,
  ),
];

/** One sandbox takes all it can of something; another must still get some. */
function starving(what: string, take: string, need: string): Attack {
  return {
    name: `starve other sandboxes of ${what}`,
    attempt: async (field) => {
      const [greedy, other] = [await field.sandbox(), await field.sandbox()];
      const hold = perl(
        `my $n = 0; $SIG{HUP} = 'IGNORE'; ${take}\nopen my $ready, '>', '/dev/shm/ready'; print STDERR "holds\\n"; sleep 1000;`,
      );
      const held = new Promise<void>((resolve) => {
        const onStderr = (text: string): void => void (text.includes('holds') && resolve());
        void greedy.commands.run(hold, { background: true, onStderr });
      });
      await held;
      const { out, err } = await field.run(
        other,
        perl(`if (${need}) { print "enough\\n" } else { print "none: $!\\n" }`),
      );
      return out === 'enough\n' ? '' : JSON.stringify({ out, err });
    },
  };
}

async function mustRun(field: Field, sandbox: Sandbox, script: string): Promise<void> {
  const { exitCode, err } = await field.run(sandbox, script);
  if (exitCode !== 0) throw new Error(`the victim could not be prepared: ${err}`);
}
