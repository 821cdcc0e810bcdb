import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId } from '../secrets.ts';
import type { Launcher } from './launcher.ts';

/** A layer in memory takes at most this share of what is free. */
const SHARE = 0.25;

/**
 * Layers in the memory of a launcher, for boxes that live now: they cost no disk and need no care after a crash. Each is there as
 * long as a box that starts from it, or the one who made it, holds it.
 */
export class BriefLayers {
  readonly #folder: string | null;
  readonly #holds = new Map<string, number>();

  /** `folder`: where a launcher mounts them for itself, out of our sight; null: there are none. */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /** Where one of so many bytes is to be made; null: nowhere. */
  newFolder(bytes: number): string | null {
    return this.#folder !== null && bytes <= SHARE * freeBytes() ? join(this.#folder, newId()) : null;
  }

  /** Those of the layers that lie in memory. */
  among(folders: readonly string[]): string[] {
    return folders.filter((folder) => dirname(folder) === this.#folder);
  }

  /** Keeps those that lie in memory until the returned function is called, once. */
  hold(launcher: Launcher, folders: readonly string[]): () => void {
    const held = this.among(folders);
    for (const folder of held) this.#holds.set(folder, (this.#holds.get(folder) ?? 0) + 1);
    return () => {
      for (const folder of held) this.#letGo(launcher, folder);
    };
  }

  #letGo(launcher: Launcher, folder: string): void {
    const left = (this.#holds.get(folder) ?? 1) - 1;
    this.#holds.set(folder, left);
    if (left > 0) return;
    this.#holds.delete(folder);
    launcher.drop(folder);
  }
}

function freeBytes(): number {
  const kilobytes = /^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
