import { readCommandLine } from './read-script.ts';
import { ending, SimMistake, type Sim } from './read-sim.ts';

const PROMPT = 'sim$ ';
/** A line longer than this is cut, and more lines than these are lost, so that input cannot fill memory. */
const LONGEST_LINE = 4 * 1024;
const MOST_LINES = 1000;
const [CTRL_C, CTRL_D] = ['\u0003', '\u0004'];

/** A shell at a simulated terminal: shows what is typed, runs its `sim` lines one after another, ends with `exit N` or Ctrl-D. */
export class InteractiveShell {
  readonly #show: (text: string) => void;
  readonly #cwd: string;
  #typed = '';
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(cwd: string, show: (text: string) => void) {
    this.#cwd = cwd;
    this.#show = show;
  }

  /** Takes what was typed. */
  type(text: string): void {
    for (const key of text.replaceAll('\r\n', '\n')) {
      if (key === CTRL_C) this.#typed = '';
      else if (key === CTRL_D) this.#enter('exit');
      else if (key === '\r' || key === '\n') this.#enter(this.#typed);
      else if (this.#typed.length < LONGEST_LINE) this.#typed += key;
    }
    this.#show(text.replaceAll(/\r\n?|\n/g, '\r\n').replaceAll(CTRL_C, '^C\r\n'));
  }

  /** What it runs, as it is typed, to the end. */
  async *sims(): AsyncGenerator<Sim> {
    for (;;) {
      this.#show(PROMPT);
      const line = await this.#nextLine();
      const exit = /^\s*exit(?:\s+(\d{1,3}))?\s*$/.exec(line);
      if (exit) return yield ending(Number(exit[1] ?? 0));
      for (const sim of this.#read(line)) yield { ...sim, end: null };
    }
  }

  #read(line: string): Sim[] {
    try {
      return readCommandLine(['sh', '-c', line], this.#cwd);
    } catch (error) {
      if (!(error instanceof SimMistake)) throw error;
      this.#show(`sim: ${error.message}\r\n`);
      return [];
    }
  }

  #enter(line: string): void {
    this.#typed = '';
    if (this.#lines.length < MOST_LINES) this.#lines.push(line);
    this.#wake();
  }

  async #nextLine(): Promise<string> {
    while (this.#lines.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#lines.shift() ?? '';
  }
}
