import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { EvalpoolError } from '../../errors.ts';

// Node has no file locks, and its rm fails where a path grows longer than the kernel takes: a candidate can make such a one.
const PROGRAM = String.raw`
use strict;
use warnings;
my %lock;
for my $id (@ARGV) {
  open my $lock, '>>', "$id.lock" or next;
  $lock{$id} = $lock if flock $lock, 6;
}
$| = 1;
print join(' ', keys %lock), "\n";
chomp(my $asked = <STDIN> // '');
for my $id (grep { $lock{$_} } split / /, $asked) {
  rename $id, "$id.gone";
  unlink "$id.lock";
}
for my $gone (grep { -d } map { "$_.gone" } @ARGV) {
  system qw(chmod -R u+rwx --), $gone if $>;
  system qw(rm -rf --), $gone;
}
exit 0;
`;

/**
 * Removes layers of `folder` that nobody holds: locks what it can of `ids`, has `choose` say which of those to remove, and removes
 * them while they are locked. What a former one left half removed goes too.
 */
export async function removeUnlocked(
  folder: string,
  ids: readonly string[],
  choose: (locked: string[]) => string[],
): Promise<void> {
  const child = spawn('perl', ['-e', PROGRAM, ...ids], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  const [closed, errors] = [once(child, 'close'), text(child.stderr)];
  child.stdin.on('error', () => {}); // 'close' tells
  createInterface(child.stdout).once('line', (line) => {
    child.stdin.end(choose(line.split(' ')).join(' ') + '\n');
  });
  const [code]: unknown[] = await closed;
  if (code !== 0) throw new EvalpoolError('INTERNAL', `layers cannot be removed: ${await errors}`);
}
