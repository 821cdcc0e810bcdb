import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { setInterval } from 'node:timers';

const EVERY_MS = 250;
const PAGE = 4096;
const MEGABYTE = 1024 * 1024;

interface Watched {
  root: string;
  memoryMb: number;
  kill: (pid: number) => void;
}

/** Where no control group bounds memory: looks at each box now and then and has its largest process killed above the limit. */
export class MemoryWatch {
  readonly #boxes = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Watches a box until the returned function is called. `kill` is given a pid as seen inside. */
  watch(root: string, memoryMb: number, kill: (pid: number) => void): () => void {
    const watched = { root, memoryMb, kill };
    this.#boxes.add(watched);
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref();
    return () => {
      this.#boxes.delete(watched);
      if (this.#boxes.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    for (const { root, memoryMb, kill } of this.#boxes) {
      const processes = privateBytes(root);
      const used = processes.reduce((sum, each) => sum + each.bytes, 0) + fileBytes(root);
      const largest = processes.toSorted((a, b) => b.bytes - a.bytes)[0];
      if (used > memoryMb * MEGABYTE && largest) kill(largest.pid);
    }
  }
}

function privateBytes(root: string): Array<{ pid: number; bytes: number }> {
  try {
    return readdirSync(`${root}/proc`)
      .filter((name) => /^\d+$/.test(name) && name !== '1')
      .map((name) => ({ pid: Number(name), bytes: privateOf(`${root}/proc/${name}/statm`) }));
  } catch {
    return []; // it just ended
  }
}

function privateOf(statm: string): number {
  try {
    const [, resident = 0, shared = 0] = readFileSync(statm, 'utf8').split(' ').map(Number);
    return (resident - shared) * PAGE;
  } catch {
    return 0;
  }
}

function fileBytes(root: string): number {
  try {
    const places = ['/home/user', '/tmp', '/dev/shm'].map((path) => statfsSync(root + path));
    return places.reduce((sum, place) => sum + (place.blocks - place.bfree) * place.bsize, 0);
  } catch {
    return 0;
  }
}
