import { mkdirSync } from 'node:fs';
import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Network } from '../../stage.ts';
import type { Box, BoxLimits, Wall, WallReport } from '../box.ts';
import { BoxIds } from './box-ids.ts';
import { boxArguments, sharedArguments } from './bubblewrap.ts';
import { writeEtc } from './etc-folder.ts';
import { Launcher } from './launcher.ts';
import { seccompFilter } from './seccomp.ts';

/** What this server's wall is made of. */
export interface WallOptions {
  /** A folder the server may write to. */
  home: string;
  log: Log;
}

/** Makes ready to open boxes on this machine. Throws MACHINE_LACKS, with the command that mends it. */
export async function openWall(options: WallOptions): Promise<Wall> {
  const filter = seccompFilter(process.arch);
  if (filter === null) throw new EvalpoolError('MACHINE_LACKS', `no sandbox wall for ${process.arch}`);
  mkdirSync(options.home, { recursive: true });
  const toolchain = { etc: writeEtc(options.home), node: null };
  return new BubblewrapWall(new Launcher(filter, options.log), sharedArguments(toolchain));
}

class BubblewrapWall implements Wall {
  readonly #launcher: Launcher;
  readonly #shared: readonly string[];
  readonly #ids = new BoxIds();

  constructor(launcher: Launcher, shared: readonly string[]) {
    this.#launcher = launcher;
    this.#shared = shared;
  }

  report(): WallReport {
    return { wall: 'bubblewrap', facts: [], networks: ['none'] };
  }

  async open(id: string, limits: BoxLimits, network: Network): Promise<Box> {
    refuseNetwork(network);
    const owner = this.#ids.take();
    const argv = [...this.#shared, ...boxArguments(limits)];
    const { pid, ended } = await this.#launcher
      .make({ id, ...owner, cgroups: [], rlimits: [], argv })
      .catch((error: unknown) => {
        this.#ids.giveBack(owner);
        throw error;
      });
    return this.#box(id, pid, owner, ended);
  }

  async close(): Promise<void> {
    await this.#launcher.close();
  }

  #box(id: string, pid: number, owner: { uid: number; gid: number }, over: Promise<void>): Box {
    const ended = over.then(() => this.#ids.giveBack(owner));
    return {
      root: `/proc/${pid}/root`,
      ...owner,
      ended,
      start: async (command) => this.#launcher.start(id, command),
      setNetwork: async (network) => refuseNetwork(network),
      destroy: async () => {
        this.#launcher.end(id);
        await ended;
      },
    };
  }
}

function refuseNetwork(network: Network): void {
  if (network !== 'none')
    throw new EvalpoolError('NETWORK_UNAVAILABLE', `network '${network}' is not offered here`);
}
