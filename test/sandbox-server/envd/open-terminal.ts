import { EventEmitter, once } from 'node:events';
import { CommandExitError, type CommandHandle, type Sandbox } from 'e2b';

/** A terminal of the SDK with what it has shown so far. */
export class Terminal {
  readonly #pty: Sandbox['pty'];
  readonly #heard = new EventEmitter();
  #handle: CommandHandle | undefined;
  shown = '';

  constructor({ pty }: Sandbox) {
    this.#pty = pty;
  }

  get handle(): CommandHandle {
    if (!this.#handle) throw new Error('the terminal is not open');
    return this.#handle;
  }

  get pid(): number {
    return this.handle.pid;
  }

  async open(more: { cwd?: string; envs?: Record<string, string>; timeoutMs?: number } = {}): Promise<this> {
    this.#handle = await this.#pty.create({
      cols: 80,
      rows: 24,
      onData: (bytes) => this.#hear(bytes),
      ...more,
    });
    return this;
  }

  /** Listens to one that is open already. */
  async join(pid: number): Promise<this> {
    this.#handle = await this.#pty.connect(pid, { onData: (bytes) => this.#hear(bytes) });
    return this;
  }

  async type(text: string): Promise<void> {
    await this.#pty.sendInput(this.pid, Buffer.from(text));
  }

  /** What it has shown, once the text is in it. What is typed is shown too: ask for what only its answer holds. */
  async until(text: string): Promise<string> {
    while (!this.shown.includes(text)) await once(this.#heard, 'more');
    return this.shown;
  }

  /** How it ended, in the SDK's words. */
  async end(): Promise<{ exitCode: number; error?: string | undefined }> {
    return this.handle.wait().catch((error: unknown) => {
      if (error instanceof CommandExitError) return { exitCode: error.exitCode, error: error.error };
      throw error;
    });
  }

  #hear(bytes: Uint8Array): void {
    this.shown += Buffer.from(bytes).toString('latin1');
    this.#heard.emit('more');
  }
}
