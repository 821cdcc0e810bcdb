import { Readable, Writable } from 'node:stream';
import type { BoxProcess } from '../box.ts';
import { Course } from './course.ts';
import type { InteractiveShell } from './interactive-shell.ts';
import { planRun, type Plan, type Run } from './plan-run.ts';
import type { Product, Sim } from './read-sim.ts';

/** What simulated commands print, again and again: one piece of memory for all of them. */
const LINE = 'this line is printed by a simulated command, as often as it takes\n';
const PAPER = Buffer.from(LINE.repeat(Math.ceil((64 * 1024) / LINE.length)));

type Exit = { code: number } | { signal: string };

/** What a simulated process needs of its box. */
export interface ProcessSurroundings {
  /** Makes a product, and gives back what it prints. Throws an Error whose message a shell would print. */
  produce(product: Exclude<Product, { kind: 'printed' }>): string;
  /** Nothing of it goes on any more. */
  forget(process: SimulatedProcess): void;
}

/** A process that is none: it goes through its simulated commands one after another. */
export class SimulatedProcess implements BoxProcess {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout = new Readable({ read() {} });
  readonly stderr = new Readable({ read() {} });
  readonly exit: Promise<Exit>;
  readonly resize: (() => Promise<void>) | null;
  readonly #sims: Plan['sims'];
  readonly #around: ProcessSurroundings;
  readonly #courses = new Set<Course>();
  #foreground: Course | undefined;
  #frozen = true;
  #begun = false;
  #echoing = false;
  #ended = false;
  #closeInput: () => void = () => {};
  #resolveExit: (exit: Exit) => void = () => {};
  readonly #inputClosed: Promise<void>;

  /** Stands still until `thaw`. */
  constructor(pid: number, run: Run, around: ProcessSurroundings) {
    this.pid = pid;
    this.resize = run.terminal ? async () => {} : null;
    this.#around = around;
    this.#inputClosed = new Promise((resolve) => (this.#closeInput = resolve));
    const { shell, sims } = planRun(run, (text) => this.stdout.push(text));
    this.#sims = sims;
    this.stdin = run.stdin || run.terminal ? this.#openInput(shell) : null;
    if (!this.stdin) this.#closeInput();
    this.exit = new Promise((resolve) => (this.#resolveExit = resolve));
  }

  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): void {
    this.#end({ signal });
  }

  freeze(): void {
    this.#frozen = true;
    for (const course of this.#courses) course.freeze();
  }

  thaw(): void {
    this.#frozen = false;
    for (const course of this.#courses) course.thaw();
    if (this.#begun) return;
    this.#begun = true;
    void this.#play();
  }

  /** Ends it and what it left in the background. */
  stop(): void {
    for (const course of this.#courses) course.stop();
    this.#courses.clear();
    if (this.#ended) this.#closePipes();
    else this.#end({ signal: 'SIGKILL' });
  }

  async #play(): Promise<void> {
    for await (const sim of this.#sims) {
      const end = this.#run(sim);
      const ended = sim.background ? null : await end;
      if (this.#ended) return;
      if (ended) return this.#end(ended);
    }
    this.#end({ code: 0 });
  }

  async #run(sim: Sim): Promise<Exit | null> {
    const course = new Course(sim, (stream, bytes) => this.#print(stream, bytes));
    this.#courses.add(course);
    if (!sim.background) this.#foreground = course;
    if (!this.#frozen) course.thaw();
    await course.finished;
    if (sim.echoes) await this.#echo();
    if (!this.#courses.has(course)) return null;
    const end = this.#leave(sim);
    this.#courses.delete(course);
    if (this.#ended) this.#closePipes();
    return end;
  }

  #leave(sim: Sim): Exit | null {
    try {
      for (const product of sim.products) {
        if (product.kind === 'printed') this[product.to].push(product.text);
        else this.stdout.push(this.#around.produce(product));
      }
      return sim.end;
    } catch (error) {
      this.stderr.push(`sim: ${error instanceof Error ? error.message : String(error)}\n`);
      return { code: 1 };
    }
  }

  #print(stream: 'stdout' | 'stderr', bytes: number): void {
    for (let left = bytes; left > 0; left -= PAPER.length)
      this[stream].push(PAPER.subarray(0, Math.min(left, PAPER.length)));
  }

  #openInput(shell: InteractiveShell | null): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (shell && !this.#ended) shell.type(String(chunk));
        else if (this.#echoing) this.stdout.push(chunk);
        done();
      },
      destroy: (_error, done) => {
        this.#closeInput();
        done(null);
      },
    });
  }

  async #echo(): Promise<void> {
    this.#echoing = true;
    await this.#inputClosed;
    this.#echoing = false;
  }

  #end(exit: Exit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#echoing = false;
    this.#foreground?.stop();
    if (this.#foreground) this.#courses.delete(this.#foreground);
    this.#resolveExit(exit);
    this.#closePipes();
  }

  // As pipes do, they stay open as long as anything in the background could write to them.
  #closePipes(): void {
    if (this.#courses.size > 0) return;
    this.stdout.push(null);
    this.stderr.push(null);
    this.#around.forget(this);
  }
}
