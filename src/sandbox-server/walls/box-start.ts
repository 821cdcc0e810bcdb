import type { LayerStack } from '../box.ts';
import { TEMPLATE_ROOT } from './bubblewrap.ts';
import type { Launcher } from './launcher.ts';

/**
 * How the files of a box start: what it writes of home and /tmp laid over layers (`home`); all of a template (`root`); or, where
 * nothing can be laid over anything, a template that is only bound, with home and /tmp copied (`bound`).
 */
export type WayToStart = 'home' | 'root' | 'bound';

/** Can layers be mounted here, and if not, why not? */
export type LayerMounts = { work: true } | { work: false; why: string };

/** A box, as far as its files are copied. */
export interface CopiedBox {
  launcher: Launcher;
  id: string;
  way: WayToStart | '';
  /** What its files started from. */
  layers: LayerStack | undefined;
}

/** A place in a box, or a part of its overlays, and its name in a layer. */
export type Pair = readonly [inBox: string, inLayer: string];

/** What a box that lies over layers writes, by what the layers hold. */
export const UPPER: Record<'home' | 'root', Pair[]> = {
  home: [
    ['home', 'home'],
    ['tmp', 'tmp'],
  ],
  root: [['root', 'root']],
};

/** Throws an Error for layers that can neither be mounted nor copied here. */
export function wayToStart(layers: LayerStack | undefined, mounts: LayerMounts): WayToStart | '' {
  if (layers === undefined) return '';
  if (mounts.work) return layers.holds;
  if (!layers.isTopWhole)
    throw new Error(`it lies in several layers, which cannot be mounted here: ${mounts.why}`);
  return layers.holds === 'root' ? 'bound' : '';
}

/** Copies into a new box what no layer shows it. */
export async function copyIntoBox({ launcher, id, way, layers }: CopiedBox): Promise<void> {
  const top = layers?.folders.at(-1);
  if (top === undefined || way === 'home' || way === 'root') return;
  const pairs = wholePairs(way).flatMap(([inBox, inLayer]) => [`${top}/${inLayer}`, inBox]);
  await launcher.request('load', id, ...pairs);
}

/** What a box that copies its files copies: all of home and /tmp. */
export function wholePairs(way: 'bound' | ''): Pair[] {
  if (way === 'bound')
    return [
      [`${TEMPLATE_ROOT}/home/user`, 'root/home/user'],
      [`${TEMPLATE_ROOT}/tmp`, 'root/tmp'],
    ];
  return [
    ['/home/user', 'home'],
    ['/tmp', 'tmp'],
  ];
}
