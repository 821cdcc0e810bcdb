import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BoxLimits, LayerStack, Wall } from '../box.ts';
import { newId } from '../secrets.ts';

const TRIAL: BoxLimits = { memoryMb: 64, cpus: 1, processes: 16, diskMb: 1 };
// What comes from the layer must be the box's to change, to remove, and to make anew without what the layer holds.
const CHANGE_LAYER = 'echo more >> a/b && rm -r a && mkdir a && test -z "$(ls a)" && echo new > a/b';

/** Opens a box, from layers if given, runs a command in it and destroys it. Throws an Error that says what went wrong. */
export async function tryBox(
  wall: Wall,
  layers?: LayerStack,
  argv: readonly string[] = layers ? ['/bin/sh', '-c', CHANGE_LAYER] : ['/bin/true'],
): Promise<void> {
  const box = await wall.open({ id: `trial${newId()}`, limits: TRIAL, network: 'none', layers });
  try {
    const env = { PATH: '/usr/bin:/bin' };
    const command = await box.start({ argv, env, cwd: '/home/user', user: 'user', stdin: false });
    const [end, errors] = await Promise.all([command.exit, text(command.stderr), text(command.stdout)]);
    if ('code' in end && end.code === 0) return;
    throw new Error(`${argv.join(' ')} ended with ${JSON.stringify(end)} ${errors.trim()}`);
  } finally {
    await box.destroy();
  }
}

/** Has `use` a small layer among those of a home. */
export async function withTrialLayer(
  home: string,
  use: (layers: LayerStack) => Promise<void>,
): Promise<void> {
  const folder = join(home, 'layers', newId());
  try {
    for (const name of ['home/a', 'tmp']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'home/a/b'), 'old\n');
    writeFileSync(`${folder}.lock`, '');
    await use({ holds: 'home', folders: [folder], isTopWhole: true });
  } finally {
    for (const path of [folder, `${folder}.lock`]) rmSync(path, { recursive: true, force: true });
  }
}
