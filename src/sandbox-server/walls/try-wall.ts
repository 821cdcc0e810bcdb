import { spawnSync } from 'node:child_process';
import { EvalpoolError } from '../../errors.ts';
import type { Wall } from '../box.ts';

/** Tries a wall out. When that fails, closes it and throws MACHINE_LACKS with advice. */
export async function orMachineLacks(wall: Wall, tryOut: () => Promise<void>): Promise<void> {
  try {
    await tryOut();
  } catch (error) {
    await wall.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('MACHINE_LACKS', `no sandbox can be made: ${why} ${adviceFor(why)}`.trim(), {
      cause: error,
    });
  }
}

function adviceFor(why: string): string {
  if (/unknown option/i.test(why)) return '(bubblewrap 0.7 or newer is needed)';
  if (why.startsWith('setres'))
    return '(root of this container has no other ids: start the server as an ordinary user)';
  if (!/namespace|permission|permitted|uid map/i.test(why)) return '';
  return (
    '(ordinary users must be allowed user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`, on Ubuntu ' +
    '`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, in Docker `--privileged`)'
  );
}

/** Throws MACHINE_LACKS with the command that mends it. */
export function requireProgram(program: string, debianPackage: string): void {
  if (hasProgram(program)) return;
  throw new EvalpoolError('MACHINE_LACKS', `${program} is missing: apt-get install ${debianPackage}`);
}

/** Is there such a program? */
export function hasProgram(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
