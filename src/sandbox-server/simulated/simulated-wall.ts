import type { Box, BoxOrder, Wall, WallReport } from '../box.ts';
import { MemoryFiles } from './memory-files.ts';
import { SavedTrees } from './saved-files.ts';
import { SimulatedBox } from './simulated-box.ts';

const MEGABYTE = 1024 * 1024;
const REPORT: WallReport = {
  wall: 'simulated',
  facts: [
    {
      name: 'processes',
      inForce: false,
      by: 'simulated: nothing is run, `sim` lines take their time and print',
    },
    { name: 'files', inForce: true, by: 'in memory, up to the disk limit' },
  ],
  networks: ['none', 'nat'],
};

/** Boxes that only pretend: thousands at once on a small machine, behind the very same protocol. */
export class SimulatedWall implements Wall {
  readonly #boxes = new Set<Box>();
  readonly #saved = new SavedTrees();

  report(): WallReport {
    return REPORT;
  }

  async open({ limits, layers }: BoxOrder): Promise<Box> {
    const maxBytes = limits.diskMb * MEGABYTE;
    const saved = layers && (await this.#saved.copyOf(layers, maxBytes));
    const box = new SimulatedBox(limits, new MemoryFiles(maxBytes, saved));
    this.#boxes.add(box);
    void box.ended.then(() => this.#boxes.delete(box));
    return box;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#boxes].map((box) => box.destroy()));
  }
}
