import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ControlGroup } from './group-usage.ts';
import type { Launcher } from './launcher.ts';

const LONGEST_MS = 5000;
const LOOK_MS = 2;

/** Stops the processes of one box, and lets them go on. */
export interface Freezer {
  /** Resolves when all of them stand still. Throws when that takes longer than five seconds, and then lets them go on. */
  freeze(): Promise<void>;
  thaw(): void | Promise<void>;
}

/** By a control group: of the freezer hierarchy (version 1), or any (version 2). */
export function freezeByGroup({ folder, version }: ControlGroup): Freezer {
  const [file, on, off] =
    version === 1
      ? [join(folder, 'freezer.state'), 'FROZEN', 'THAWED']
      : [join(folder, 'cgroup.freeze'), '1', '0'];
  const isFrozen = (): boolean =>
    version === 1
      ? readFileSync(file, 'utf8').trim() === on
      : /^frozen 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'));
  const thaw = (): void => {
    if (existsSync(file)) writeFileSync(file, off);
  };
  const freeze = async (): Promise<void> => {
    writeFileSync(file, on);
    for (let waitedMs = 0; !isFrozen(); waitedMs += LOOK_MS) {
      if (waitedMs >= LONGEST_MS) {
        thaw();
        throw new Error('some processes cannot be frozen');
      }
      await wait(LOOK_MS);
      // Version 1 may pass over a process that is being forked or traced, and only looks again when told again.
      writeFileSync(file, on);
    }
  };
  return { freeze, thaw };
}

/** By SIGSTOP, where no control group may be written. Not a wall: whoever is signalled by a process outside goes on. */
export function freezeBySignal(launcher: Launcher, boxId: string): Freezer {
  const thaw = (): Promise<void> => launcher.sweep(boxId, 'SIGCONT');
  const freeze = async (): Promise<void> => {
    try {
      await launcher.sweep(boxId, 'SIGSTOP');
    } catch (error) {
      await thaw();
      throw error;
    }
  };
  return { freeze, thaw };
}
