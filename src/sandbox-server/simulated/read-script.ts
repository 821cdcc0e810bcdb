import { posix } from 'node:path';
import { readSim, SimMistake, type Sim } from './read-sim.ts';
import { readWord } from './read-words.ts';

const SIM_LINE = /^\s*#?sim(?:\s+(.*))?$/;
const CD = /(?:^|[;&|(]\s*)cd\s+(?:--\s+)?(\S.*)$/;

/** How programs are started by way of a login shell. */
const EXEC_REST = 'exec "$0" "$@"';
const NOT_FOUND = 127;

/**
 * What a command line of a simulated box does: the `sim` lines of a shell script, in their order; nothing else in it takes
 * time, prints or fails. Such a line may be a comment (`#sim …`), so that the same script runs in a real sandbox too. Paths
 * start at the folder of the last plain `cd`. Throws SimMistake.
 */
export function readCommandLine(argv: readonly string[], cwd: string): Sim[] {
  const [program = '', ...args] = argv;
  if (program === 'sim') return [readSim(args.map(quoteWord).join(' '), cwd)];
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (!isShell(program) || at === -1)
    throw new SimMistake(`${program}: a simulated sandbox runs nothing but shell scripts`, NOT_FOUND);
  const script = args[at + 1] ?? '';
  return script === EXEC_REST ? readCommandLine(args.slice(at + 2), cwd) : readScript(script, cwd);
}

/** Whether a command line is a shell that waits to be typed at. */
export function isInteractive([program = '', ...args]: readonly string[]): boolean {
  return isShell(program) && args.every((arg) => arg === '-i' || arg === '-l');
}

function isShell(program: string): boolean {
  return /(^|\/)(ba|da|z)?sh$/.test(program);
}

function readScript(script: string, cwd: string): Sim[] {
  const sims: Sim[] = [];
  let here = cwd;
  for (const line of unwrapExec(script).split('\n')) {
    const sim = SIM_LINE.exec(line);
    if (sim) addSim(sims, readSim(sim[1] ?? '', here));
    const folder = readWord(CD.exec(line)?.[1] ?? '')?.text;
    if (folder !== undefined && !folder.includes('$')) here = posix.resolve(here, folder);
  }
  return sims;
}

// The second mark is printed by the shell around the script, however that ended.
function addSim(sims: Sim[], sim: Sim): void {
  const ended = sim.isMark ? sims.findLast(({ end }) => end !== null && 'code' in end) : undefined;
  if (ended === undefined) sims.push(sim);
  else ended.products.push(...sim.products);
}

// `exec SHELL -c 'SCRIPT'` is how a script is run by another shell than the login one.
function unwrapExec(script: string): string {
  const found = /^exec [^\n]*? -c (?=['"\w])/m.exec(script);
  const inner = found && readWord(script.slice(found.index + found[0].length));
  return found && inner ? `${script.slice(0, found.index)}\n${inner.text}` : script;
}

function quoteWord(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
