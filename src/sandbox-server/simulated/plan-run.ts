import type { BoxCommand } from '../box.ts';
import { InteractiveShell } from './interactive-shell.ts';
import { isInteractive, readCommandLine } from './read-script.ts';
import { failing, SimMistake, type Sim } from './read-sim.ts';

/** What to run. */
export type Run = Pick<BoxCommand, 'argv' | 'cwd' | 'stdin' | 'terminal'>;

/** The commands that a process goes through; `shell`: where they are typed, if they are. */
export interface Plan {
  sims: Iterable<Sim> | AsyncIterable<Sim>;
  shell: InteractiveShell | null;
}

/** Reads what is to be run. What cannot be is a command that says so and fails. `show`: writes on the terminal. */
export function planRun({ argv, cwd, terminal }: Run, show: (text: string) => void): Plan {
  if (terminal && isInteractive(argv)) {
    const shell = new InteractiveShell(cwd, show);
    return { shell, sims: shell.sims() };
  }
  try {
    return { shell: null, sims: readCommandLine(argv, cwd) };
  } catch (error) {
    if (error instanceof SimMistake) return { shell: null, sims: [failing(error.code, error.message)] };
    throw error;
  }
}
