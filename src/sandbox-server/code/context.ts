import pLimit from 'p-limit';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountEnvironment, accountNamed } from '../accounts.ts';
import { sandboxVariables } from '../envd/variables.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { CellOutput } from './cell-output.ts';
import type { EventLines } from './event-lines.ts';
import { contextRestarted, Kernel, KernelLost, type CellListener } from './kernel.ts';
import { resultEvent } from './kernel-message.ts';
import type { Cell, Language } from './languages.ts';

/** How long an interrupted cell may take to end, ms, after a first and a second SIGINT; then its kernel is killed. */
const GRACES_MS = [3000, 2000];
/** Executions that may wait for their turn in one context. */
const MAX_WAITING = 100;

/** What is asked to run. */
export type Execution = Omit<Cell, 'number'>;

/**
 * A place where code runs and what it leaves stays.
 * 1. Executions run one after the other, in the order in which they came.
 * 2. A client that leaves before the end interrupts: the kernel lives on, unless it does not obey.
 * 3. A kernel that ended loses what was left. The execution that meets this tells it, and the next has a new kernel.
 */
export class CodeContext {
  readonly id: string;
  readonly language: Language;
  readonly cwd: string;
  readonly #sandbox: LiveSandbox;
  readonly #turns = pLimit(1);
  #kernel: Kernel | null = null;
  #count = 0;
  #news: KernelLost | null = null;
  #removed = false;

  constructor(id: string, sandbox: LiveSandbox, place: { language: Language; cwd: string }) {
    this.id = id;
    this.#sandbox = sandbox;
    this.language = place.language;
    this.cwd = place.cwd;
  }

  /** Starts its kernel and hears from it once. Throws 400 that says what is missing. */
  async prepare(): Promise<void> {
    await this.#turns(async () => {
      try {
        const kernel = await this.#liveKernel();
        const cell = { number: 0, code: '', envs: {} };
        await kernel.run(cell, { output: () => {}, message: () => {} });
      } catch (error) {
        throw error instanceof KernelLost ? new Refusal(400, error.message) : error;
      }
    });
  }

  /** Throws 429 when too many executions wait already. */
  checkRoom(): void {
    if (this.#turns.pendingCount < MAX_WAITING) return;
    throw new Refusal(429, `${MAX_WAITING} executions wait for this context already`);
  }

  /** Runs code in its turn and tells all of it to `lines`, which it ends. */
  async execute(asked: Execution, lines: EventLines): Promise<void> {
    await this.#turns(async () => {
      try {
        const kernel = await this.#liveKernel();
        if (!lines.isOver) await this.#runCell(kernel, asked, lines);
      } catch (error) {
        this.#tellFailure(error, lines);
      }
      lines.end();
    });
  }

  /** Ends what runs and forgets what was left. */
  async restart(): Promise<void> {
    await this.#end(contextRestarted('that was asked for'));
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    this.#removed = true;
    await this.#end(removed());
  }

  async #end(why: KernelLost): Promise<void> {
    const kernel = this.#kernel;
    this.#kernel = null;
    this.#news = null;
    await kernel?.kill(why);
  }

  async #liveKernel(): Promise<Kernel> {
    if (this.#news) throw this.#news;
    if (this.#removed) throw removed();
    if (this.#kernel) return this.#kernel;
    const account = accountNamed('user');
    const env = { ...accountEnvironment(account), ...sandboxVariables(this.#sandbox) };
    const kernel = await Kernel.start(this.#sandbox.box, this.language, { cwd: this.cwd, env });
    this.#kernel = kernel;
    this.#count = 0;
    void this.#followToEnd(kernel);
    if (this.#removed) await this.#end(removed());
    return kernel;
  }

  async #followToEnd(kernel: Kernel): Promise<void> {
    const lost = await kernel.lost;
    if (this.#kernel !== kernel) return;
    this.#kernel = null;
    this.#news = lost;
  }

  async #runCell(kernel: Kernel, asked: Execution, lines: EventLines): Promise<void> {
    const tell = (event: object): void => {
      if (!lines.send(event)) kernel.pause();
    };
    const output = new CellOutput(tell);
    this.#count += 1;
    tell({ type: 'number_of_executions', execution_count: this.#count });
    lines.onDrain = () => kernel.resume();
    try {
      const run = kernel.run({ ...asked, number: this.#count }, listener(output, tell));
      const left = lines.closed.then(() => 'left' as const);
      if ((await Promise.race([run, left])) === 'left') await interrupt(kernel, run);
      await run;
    } finally {
      output.end();
      lines.onDrain = () => {};
      kernel.resume();
    }
  }

  #tellFailure(error: unknown, lines: EventLines): void {
    if (lines.isOver) return;
    if (error instanceof KernelLost) {
      this.#kernel = null;
      this.#news = null;
    }
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    lines.send({ type: 'error', name, value: message, traceback: '' });
  }
}

function listener(output: CellOutput, tell: (event: object) => void): CellListener {
  return {
    output: (pipe, bytes) => output.add(pipe, bytes),
    message: (message) => {
      output.flush();
      if (message === null) tell(TOO_LARGE);
      else if (message.type === 'result') tell(resultEvent(message.data, message.main));
      else tell(message);
    },
  };
}

const TOO_LARGE = {
  type: 'error',
  name: 'ResultTooLarge',
  value: 'the result is larger than the 16 MiB that this server passes on; write it to a file',
  traceback: '',
};

/** Ends a cell whose client has left; by the second SIGINT also one whose sandbox was frozen after the first. */
async function interrupt(kernel: Kernel, run: Promise<void>): Promise<void> {
  for (const graceMs of GRACES_MS) {
    await kernel.interrupt();
    if (await endsWithin(run, graceMs)) return;
  }
  await kernel.kill(contextRestarted('an execution did not end when it was interrupted'));
}

async function endsWithin(run: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const ended = run.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, sleep(ms, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

function removed(): KernelLost {
  return new KernelLost('ContextRemoved', 'Context was removed');
}
