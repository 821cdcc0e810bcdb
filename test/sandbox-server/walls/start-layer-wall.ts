import { join } from 'node:path';
import { expect } from 'vitest';
import type { LayerStack, SavedFiles, SavePlace } from '../../../src/sandbox-server/box.ts';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { run, startWall } from './start-wall.ts';

/** A wall whose boxes start from each other's files. */
export interface LayerWall extends Awaited<ReturnType<typeof startWall>> {
  isMounted: boolean;
  /** Where a layer can be made. */
  nextLayer: () => string;
  save: (box: HostBox, place?: Partial<SavePlace>) => Promise<SavedFiles>;
  /** The files of a box in which a script ran. */
  saved: (script: string, from?: LayerStack) => Promise<LayerStack>;
}

/** Starts one that mounts layers, as far as this machine can, or copies them. */
export async function startLayerWall(mountLayers: boolean): Promise<LayerWall> {
  const walls = await startWall(undefined, mountLayers);
  const isMounted = walls.wall.report().facts.some(({ name, inForce }) => name === 'layers' && inForce);
  let layers = 0;
  const nextLayer = (): string => join(walls.home, 'layers', `${++layers}`.padStart(20, 'a'));
  const save = async (box: HostBox, place: Partial<SavePlace> = {}): Promise<SavedFiles> => {
    await box.freeze();
    try {
      return await box.save({ newFolder: nextLayer, isBrief: false, ...place });
    } finally {
      await box.thaw();
    }
  };
  const saved = async (script: string, from?: LayerStack): Promise<LayerStack> => {
    const box = await walls.open(from);
    expect(await run(box, script)).toMatchObject({ err: '', exit: { code: 0 } });
    const files = await save(box);
    await box.destroy();
    return files.layers;
  };
  return { ...walls, isMounted, nextLayer, save, saved };
}
