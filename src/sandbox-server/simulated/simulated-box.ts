import { posix } from 'node:path';
import picomatch from 'picomatch';
import type { Box, BoxCommand, BoxLimits, BoxProcess, BoxUsage, SavedFiles, SavePlace } from '../box.ts';
import type { FolderWatch } from '../box-watch.ts';
import type { MemoryFiles } from './memory-files.ts';
import type { Run } from './plan-run.ts';
import type { Product } from './read-sim.ts';
import { saveTree } from './saved-files.ts';
import { SimulatedProcess } from './simulated-process.ts';

const MEGABYTE = 1024 * 1024;
/** What becomes of a command above the limit of processes: bash's exit status when it cannot fork. */
const CANNOT_FORK: Run = { argv: ['sim', '0', 'exit', '254'], cwd: '/', stdin: false };

/** A box without processes: its commands take their time and print, its files lie in memory. */
export class SimulatedBox implements Box {
  readonly files: MemoryFiles;
  readonly ended: Promise<void>;
  readonly #limits: BoxLimits;
  readonly #processes = new Set<SimulatedProcess>();
  #lastPid = 1;
  #freezes = 0;
  #isOver = false;
  #end: () => void = () => {};

  constructor(limits: BoxLimits, files: MemoryFiles) {
    this.#limits = limits;
    this.files = files;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  async start(command: BoxCommand): Promise<BoxProcess> {
    const seen = await this.files.stat(command.cwd);
    if (seen.kind !== 'folder') throw new Error(`${command.cwd} is not a folder`);
    if (this.#isOver) throw new Error('the box has ended');
    const isFull = this.#processes.size >= this.#limits.processes;
    const process = new SimulatedProcess((this.#lastPid += 1), isFull ? CANNOT_FORK : command, {
      produce: (product) => this.#produce(product),
      forget: (over) => this.#processes.delete(over),
    });
    this.#processes.add(process);
    if (this.#freezes === 0) process.thaw();
    return process;
  }

  async watch(path: string, recursive: boolean): Promise<FolderWatch> {
    return this.files.watch(path, recursive);
  }

  async setNetwork(): Promise<void> {}

  async save({ newFolder }: SavePlace): Promise<SavedFiles> {
    return { layers: await saveTree(newFolder(), this.files.tree), release: async () => {} };
  }

  async freeze(): Promise<void> {
    this.#freezes += 1;
    for (const process of this.#processes) process.freeze();
  }

  async thaw(): Promise<void> {
    this.#freezes = Math.max(0, this.#freezes - 1);
    if (this.#freezes === 0) for (const process of this.#processes) process.thaw();
  }

  async clear(): Promise<void> {
    for (const process of this.#processes) process.stop();
  }

  async destroy(): Promise<void> {
    this.#isOver = true;
    await this.clear();
    this.files.stopWatches();
    this.#end();
  }

  async usage(): Promise<BoxUsage> {
    const { usedBytes } = this.files;
    return {
      cpuMs: 0,
      memoryBytes: usedBytes,
      cacheBytes: 0,
      diskBytes: usedBytes,
      diskTotalBytes: this.#limits.diskMb * MEGABYTE,
    };
  }

  #produce(product: Exclude<Product, { kind: 'printed' }>): string {
    if (product.kind === 'file') {
      this.files.write(product.path, product.text);
      return '';
    }
    return this.#list(product);
  }

  // Name, real path and size of each file that a glob finds below the root, each ended by NUL; the root before them.
  #list({ root, most, globs }: Extract<Product, { kind: 'listing' }>): string {
    const matches = picomatch(
      globs.map((glob) => posix.normalize(glob)),
      { bash: true, dot: true },
    );
    const found = this.files
      .filesBelow(globs.some((glob) => posix.isAbsolute(glob)) ? '/' : root)
      .map(({ path, size }) => ({ name: nameBelow(root, path), path, size }))
      .filter(({ name }) => matches(name));
    const fields = found.slice(0, most + 1).flatMap(({ name, path, size }) => [name, path, size]);
    return [root, ...fields].map((field) => `${field}\0`).join('');
  }
}

function nameBelow(root: string, path: string): string {
  const name = posix.relative(root, path);
  return name.startsWith('../') ? path : name;
}
