import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { locatePrograms, type WorkerKind } from '../../src/local/locate-programs.ts';

const PAUSE_MS = 300;

/** A long-running process that is started again whenever it ends, as an orchestrator would. */
export class Actor {
  readonly kind: WorkerKind;
  readonly #env: Record<string, string>;
  readonly #logs: string;
  #process: ChildProcess | undefined;
  #closing = false;
  #kept: Promise<void> | undefined;
  stopped = false;
  starts = 0;

  constructor(kind: WorkerKind, env: Record<string, string>, logs: string) {
    this.kind = kind;
    this.#env = env;
    this.#logs = logs;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    this.#kept = this.#keep();
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGSTOP') this.stopped = true;
    if (signal === 'SIGCONT') this.stopped = false;
    this.#process?.kill(signal);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const log = createWriteStream(join(this.#logs, `${this.kind}.log`), { flags: 'a' });
    while (!this.#closing) {
      this.starts += 1;
      this.stopped = false;
      const program = locatePrograms().worker(this.kind);
      this.#process = spawn(process.execPath, [program], {
        env: this.#env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      this.#process.stderr?.pipe(log, { end: false });
      await once(this.#process, 'exit');
      if (!this.#closing) await delay(PAUSE_MS);
    }
    log.end();
  }
}
