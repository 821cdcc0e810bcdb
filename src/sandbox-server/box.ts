import type { Readable, Writable } from 'node:stream';
import type { Network } from '../stage.ts';
import type { BoxFiles } from './box-files.ts';
import type { FolderWatch } from './box-watch.ts';

/** Limits of one box, enforced by cgroups where we may, by rlimits and watching where not. */
export interface BoxLimits {
  memoryMb: number;
  /** Cores, may be fractional. */
  cpus: number;
  processes: number;
  diskMb: number;
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  cols: number;
  rows: number;
}

/** What to start inside a box. */
export interface BoxCommand {
  argv: readonly string[];
  /** The whole environment of the process. */
  env: Readonly<Record<string, string>>;
  /** Absolute, as seen inside. */
  cwd: string;
  user: string;
  stdin: boolean;
  /** Gives it a terminal of its own for stdin, stdout and stderr; `stdin` does not count then. */
  terminal?: TerminalSize | undefined;
}

/** A process inside a box. */
export interface BoxProcess {
  /** As seen inside the box. */
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  /** Of a terminal: empty, everything it shows comes by stdout. */
  readonly stderr: Readable;
  /** Ends with the process itself; its pipes may stay open behind it. */
  readonly exit: Promise<{ code: number } | { signal: string }>;
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): void;
  /** Gives its terminal another size; null: it has none. */
  readonly resize: ((size: TerminalSize) => Promise<void>) | null;
}

/** What a box uses at one moment. */
export interface BoxUsage {
  /** CPU time so far, ms; where no control group counts it, only of the processes that still are. */
  cpuMs: number;
  /** Memory that counts against its limit, its files among it, without what the kernel would give up. */
  memoryBytes: number;
  /** What the kernel would give up. */
  cacheBytes: number;
  diskBytes: number;
  diskTotalBytes: number;
}

/**
 * What the files of a box start from: folders on the server's disk that no box changes. Each holds `root`, a whole root file
 * system, or `home` and `tmp`, shown over the machine's own toolchain.
 */
export interface LayerStack {
  holds: 'root' | 'home';
  /** Absolute, the lowest first; each shows only what it changes of those below. */
  folders: readonly string[];
  /** The topmost holds all of home and /tmp, so that it can be copied where nothing can be laid over anything. */
  isTopWhole: boolean;
}

/** Where what is saved of a box goes. */
export interface SavePlace {
  /** A folder on the server's disk that is to be made. */
  newFolder: () => string;
  /** Nobody needs it but boxes that start before its release: it may lie in memory. */
  isBrief: boolean;
}

/** What the files of a box were at one moment. */
export interface SavedFiles {
  layers: LayerStack;
  /** From now on the new layer stays only as long as a box or a template needs it. */
  release(): Promise<void>;
}

/** One isolated machine-like place: its own processes, files, network and limits. */
export interface Box {
  readonly files: BoxFiles;
  /** Resolves when the box is over, for whatever reason, with nothing of it left. */
  readonly ended: Promise<void>;
  start(command: BoxCommand): Promise<BoxProcess>;
  /** Watches a folder, with all below it if so wanted. Throws InsideError: ENOENT, ENOTDIR, EMFILE (too many). */
  watch(path: string, recursive: boolean): Promise<FolderWatch>;
  /** `denied`: IPv4 networks (a.b.c.d/n) that it must not reach, besides those that none may. */
  setNetwork(network: Network, denied?: readonly string[]): Promise<void>;
  /**
   * Makes a layer of what the box wrote, /dev/shm apart, and says what a box starts from that looks like it. The box must stand
   * still. Throws an Error that says why it cannot be saved.
   */
  save(place: SavePlace): Promise<SavedFiles>;
  /**
   * Stops every process; commands that are started meanwhile wait. Its files can still be read and written, and it can be
   * destroyed. Throws, and leaves the box running, when it cannot be stopped. Each freeze needs its own thaw.
   */
  freeze(): Promise<void>;
  /** Takes one freeze back; the last one lets the processes go on. */
  thaw(): Promise<void>;
  /** Kills every process; files, network and the box itself stay. Not while it is frozen. Throws when some cannot be killed. */
  clear(): Promise<void>;
  /** What it uses now. Throws when it is gone. */
  usage(): Promise<BoxUsage>;
  /** Kills everything inside and removes every trace; resolves when that is so. Safe to call twice. */
  destroy(): Promise<void>;
}

/** Which walls and limits are really in force, in words for `doctor` and the first line of a run. */
export interface WallReport {
  wall: 'bubblewrap' | 'runsc' | 'simulated' | 'none';
  /** For each wall or limit: is it in force, and by what (or why not). */
  facts: ReadonlyArray<{ name: string; inForce: boolean; by: string }>;
  networks: readonly Network[];
}

/** A box that is asked for. */
export interface BoxOrder {
  /** Lower-case letters and digits, never used before by this server. */
  id: string;
  limits: BoxLimits;
  network: Network;
  /** As of setNetwork. */
  denied?: readonly string[];
  /** Unless given: the machine's toolchain and empty folders. */
  layers?: LayerStack | undefined;
}

/** Makes boxes of one kind on this machine. */
export interface Wall {
  report(): WallReport;
  open(order: BoxOrder): Promise<Box>;
  /** Ends every box and removes what former servers left behind. */
  close(): Promise<void>;
}
