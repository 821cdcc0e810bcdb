import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Box, BoxLimits, LayerStack, Wall } from '../box.ts';
import { newId } from '../secrets.ts';

const TRIAL: BoxLimits = { memoryMb: 64, cpus: 1, processes: 16, diskMb: 1 };
// What comes from the layer must be the box's to change, to remove, and to make anew without what the layer holds.
const CHANGE_LAYER =
  'echo more >> a/b && rm -r a && mkdir a && test -z "$(ls a)" && echo new > a/b && rm removed';

/** A small layer, and where another one is to be made of a box that starts from it. */
interface LayerTrial {
  layers: LayerStack;
  saved: string;
}

/** Opens a box, runs a command in it and destroys it. Throws an Error that says what went wrong. */
export async function tryBox(wall: Wall, argv: readonly string[] = ['/bin/true']): Promise<void> {
  await withTrialBox(wall, undefined, (box) => runOnTrial(box, argv));
}

/** The same from a layer, which the command changes and of which the box is saved. Throws likewise. */
export async function tryLayer(wall: Wall, { layers, saved }: LayerTrial): Promise<void> {
  await withTrialBox(wall, layers, async (box) => {
    await runOnTrial(box, ['/bin/sh', '-c', CHANGE_LAYER]);
    // A disk may take no marks of what was removed: one that is itself an overlay does not.
    const files = await box.save({ newFolder: () => saved, isBrief: false });
    await files.release();
  });
}

async function withTrialBox(
  wall: Wall,
  layers: LayerStack | undefined,
  use: (box: Box) => Promise<void>,
): Promise<void> {
  const box = await wall.open({ id: `trial${newId()}`, limits: TRIAL, network: 'none', layers });
  try {
    await use(box);
  } finally {
    await box.destroy();
  }
}

async function runOnTrial(box: Box, argv: readonly string[]): Promise<void> {
  const env = { PATH: '/usr/bin:/bin' };
  const command = await box.start({ argv, env, cwd: '/home/user', user: 'user', stdin: false });
  const [end, errors] = await Promise.all([command.exit, text(command.stderr), text(command.stdout)]);
  if ('code' in end && end.code === 0) return;
  throw new Error(`${argv.join(' ')} ended with ${JSON.stringify(end)} ${errors.trim()}`);
}

/** Has `use` a small layer among those of a home, and removes it with what was saved beside it. */
export async function withTrialLayer(home: string, use: (trial: LayerTrial) => Promise<void>): Promise<void> {
  const [folder, saved] = [join(home, 'layers', newId()), join(home, 'layers', newId())];
  try {
    for (const name of ['home/a', 'tmp']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    for (const name of ['a/b', 'removed']) writeFileSync(join(folder, 'home', name), 'old\n');
    writeFileSync(`${folder}.lock`, '');
    await use({ layers: { holds: 'home', folders: [folder], isTopWhole: true }, saved });
  } finally {
    const made = [folder, saved].flatMap((path) => [path, `${path}.lock`]);
    for (const path of made) rmSync(path, { recursive: true, force: true });
  }
}
