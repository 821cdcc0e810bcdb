import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Box, BoxProcess } from '../box.ts';
import { FrameReader, type PipeListener } from './frames.ts';
import { readMessage, type KernelMessage } from './kernel-message.ts';
import type { Cell, Language } from './languages.ts';

/** How long output still in the pipes of an ended kernel is read, ms: a child that holds them may never close them. */
const LAST_WORDS_MS = 100;
/** How long a SIGKILL that nobody here sent waits before it is told, ms: if the whole sandbox died, the stream is cut instead. */
const DOUBT_MS = 250;

const PIPES = ['stdout', 'stderr'] as const;
type Pipe = (typeof PIPES)[number];

/** Hears what a cell writes, and what the kernel says of it before the end; null: a message that was too large. */
export interface CellListener {
  output(pipe: Pipe, bytes: Buffer): void;
  message(message: Exclude<KernelMessage, { type: 'end' }> | null): void;
}

/** A kernel that is no more, or never was: the error that its cell ends with, in words for the user. */
export class KernelLost extends Error {
  /** What the SDK's ExecutionError is called; ContextRestarting is E2B's. */
  override readonly name: 'ContextRestarting' | 'ContextRemoved' | 'ProgramMissing';

  constructor(name: KernelLost['name'], message: string) {
    super(message);
    this.name = name;
  }
}

/** The process of a context: runs one cell after the other and keeps what they leave. */
export class Kernel {
  /** Resolves when the process has ended and its output is read out. */
  readonly lost: Promise<KernelLost>;
  readonly #box: Box;
  readonly #process: BoxProcess;
  readonly #language: Language;
  readonly #readers = { stdout: new FrameReader(), stderr: new FrameReader() };
  #isLost: KernelLost | null = null;
  #killed: KernelLost | null = null;
  #answered = false;
  #fail: (lost: KernelLost) => void = () => {};
  #room: Promise<void> = Promise.resolve();
  #makeRoom: (() => void) | null = null;

  private constructor(box: Box, process: BoxProcess, language: Language) {
    this.#box = box;
    this.#process = process;
    this.#language = language;
    for (const pipe of PIPES) {
      process[pipe].on('data', (bytes: Buffer) => this.#readers[pipe].push(bytes));
      process[pipe].on('error', () => {});
    }
    process.stdin?.on('error', () => {});
    process.stdin?.write(language.preamble);
    this.lost = this.#waitForEnd();
  }

  /** Starts one in the box. Throws what Box.start throws. */
  static async start(
    box: Box,
    language: Language,
    at: { cwd: string; env: Record<string, string> },
  ): Promise<Kernel> {
    const process = await box.start({ argv: language.argv, ...at, user: 'user', stdin: true });
    return new Kernel(box, process, language);
  }

  /** Runs a cell, not before the end of the last one; resolves at its end. Throws KernelLost, or Refusal for what it cannot hold. */
  async run(cell: Cell, listener: CellListener): Promise<void> {
    if (this.#isLost) throw this.#isLost;
    const nonce = randomBytes(16).toString('hex');
    const request = this.#language.request(cell, nonce);
    const ended = new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      this.#hear(nonce, listener, resolve);
    });
    this.#process.stdin?.write(request);
    await ended;
    this.#answered = true;
  }

  /** Stops reading what it writes, so that it waits. */
  pause(): void {
    if (this.#makeRoom) return;
    this.#room = new Promise((resolve) => (this.#makeRoom = resolve));
    for (const pipe of PIPES) this.#process[pipe].pause();
  }

  resume(): void {
    for (const pipe of PIPES) this.#process[pipe].resume();
    this.#makeRoom?.();
    this.#makeRoom = null;
  }

  /** Sends SIGINT to it and the children in its group; resolves when that has happened: a sandbox that is frozen takes its time. */
  async interrupt(): Promise<void> {
    await this.#signalGroup('INT');
  }

  /** Ends it and the children in its group; what it runs ends with `why`. Resolves when it is gone. */
  async kill(why: KernelLost): Promise<void> {
    this.#killed ??= why;
    this.resume();
    this.#process.kill('SIGKILL');
    await this.#signalGroup('KILL');
    await this.lost;
  }

  // From inside: the server knows a process of a box only by its pid there. Every command starts a group of its own.
  async #signalGroup(signal: 'INT' | 'KILL'): Promise<void> {
    const argv = ['/bin/sh', '-c', `kill -${signal} -${this.#process.pid}`];
    try {
      const sender = await this.#box.start({ argv, env: {}, cwd: '/', user: 'user', stdin: false });
      await sender.exit;
      for (const pipe of PIPES) sender[pipe].destroy();
    } catch {
      // The sandbox is gone, and everything in it.
    }
  }

  #hear(nonce: string, listener: CellListener, end: () => void): void {
    let open = PIPES.length;
    for (const pipe of PIPES) {
      const hear: PipeListener = {
        output: (bytes) => listener.output(pipe, bytes),
        message: (json) => {
          if (json === null) return listener.message(null);
          const said = readMessage(json);
          if (said?.type !== 'end') return said && listener.message(said);
          this.#readers[pipe].stop();
          open -= 1;
          if (open === 0) end();
        },
      };
      this.#readers[pipe].hear(nonce, hear);
    }
  }

  async #waitForEnd(): Promise<KernelLost> {
    const closed = PIPES.map((pipe) => new Promise((resolve) => this.#process[pipe].once('close', resolve)));
    const exit = await this.#process.exit;
    const doubtful = 'signal' in exit && exit.signal === 'SIGKILL' && this.#killed === null;
    if (doubtful) await sleep(DOUBT_MS, undefined, { ref: false });
    await Promise.race([Promise.all(closed), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    if (this.#killed === null) await this.#room;
    for (const pipe of PIPES) {
      this.#readers[pipe].end();
      this.#process[pipe].destroy();
    }
    this.#process.stdin?.destroy();
    this.#isLost = this.#killed ?? this.#describeEnd(exit);
    this.#fail(this.#isLost);
    return this.#isLost;
  }

  #describeEnd(exit: { code: number } | { signal: string }): KernelLost {
    if ('code' in exit && exit.code === 127 && !this.#answered)
      return new KernelLost('ProgramMissing', `this sandbox has no ${this.#language.program}`);
    if ('code' in exit) return contextRestarted(`its process ended with exit status ${exit.code}`);
    const perhaps = exit.signal === 'SIGKILL' ? ', as when memory runs out' : '';
    return contextRestarted(`its process was ended by ${exit.signal}${perhaps}`);
  }
}

/** What the next to run code in a context is told. */
export function contextRestarted(why: string): KernelLost {
  return new KernelLost(
    'ContextRestarting',
    `Context was restarted: ${why}. What earlier executions left in it is lost; the next one starts afresh`,
  );
}
