import type { Sandbox } from 'e2b';
import type { HostTargets } from './host-targets.ts';
import type { StartMode } from './start-modes.ts';

/** What a script did. */
export interface Ran {
  out: string;
  err: string;
  exitCode: number;
}

/** A real server in one start mode, and what of the host an attack aims at. */
export interface Field {
  mode: StartMode;
  host: HostTargets;
  /** Pid of the server. */
  serverPid: number;
  url: string;
  apiKey: string;
  networks: readonly string[];
  /** Does a control group count memory? */
  countsMemory: boolean;
  limits: { memoryMb: number; processes: number; diskMb: number };
  /** A new sandbox; the runner kills it. */
  sandbox(network?: 'none' | 'nat'): Promise<Sandbox>;
  /** Runs bash in a sandbox, as a candidate's test command runs. */
  run(sandbox: Sandbox, script: string): Promise<Ran>;
}

/** One thing a hostile candidate tries. */
export interface Attack {
  /** Completes the sentence "A candidate cannot …". */
  name: string;
  /** Gives its loot, what it got that it must not have; '' when the wall held. Throws when it could not be tried. */
  attempt(field: Field): Promise<string>;
  /** Why it cannot be tried in this field. */
  lacks?(field: Field): string | null;
  /** The script that gives loot where there is no wall, which shows that the attack can succeed. */
  onHost?: { script(host: HostTargets): string; as: 'anyone' | 'root' };
}

/** How a script attack is tried. */
export interface ScriptOptions {
  /** Who gets loot by the same script on the host; unsafe: nobody should run it there. */
  onHost: 'anyone' | 'root' | 'unsafe';
  /** Network of its sandbox. */
  network?: 'none' | 'nat';
}

const TRIED = 'the attack was tried';

/** An attack by one script in a sandbox of its own: what it prints is its loot. */
export function byScript(
  name: string,
  script: (host: HostTargets) => string,
  { onHost, network = 'none' }: ScriptOptions,
): Attack {
  const attempt = async (field: Field): Promise<string> => {
    const { out, err } = await field.run(await field.sandbox(network), markTried(script(field.host)));
    if (!err.includes(TRIED)) throw new Error(`the script did not end: ${err} ${out}`);
    return out;
  };
  const attack: Attack = { name, attempt };
  if (onHost !== 'unsafe') attack.onHost = { script, as: onHost };
  if (network === 'nat')
    attack.lacks = ({ networks }) => (networks.includes('nat') ? null : 'no nat in this start mode');
  return attack;
}

/** Bash that says on standard error when the script is over. */
function markTried(script: string): string {
  return `${script}\necho '${TRIED}' >&2`;
}
