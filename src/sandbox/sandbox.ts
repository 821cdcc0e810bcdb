import type { Network } from '../stage.ts';

/** How a command in a sandbox ended. `exitCode` -1: killed by a signal (`signal` names it). */
export interface CommandExit {
  exitCode: number;
  signal: string | null;
  /** False: the stream broke and was made anew, and what was printed meanwhile is lost. Exit and files can be trusted. */
  heardAll: boolean;
}

/** One command. Output is handed over as it comes; nothing of it is kept. */
export interface CommandOptions {
  /** Run by the user's login shell. */
  command: string;
  user?: string;
  env?: Readonly<Record<string, string>>;
  /** Called with raw text, ANSI codes and all. */
  onOutput: (chunk: string, stream: 'stdout' | 'stderr') => void;
  /** Told once the start was answered, with how long that took, ms: none of it is the command's time. */
  onStarted?: (ms: number) => void;
  /** Deadline, ms from its start. When it passes: rejects with DeadlinePassed if the sandbox answers and the process still runs. */
  deadlineMs: number;
  signal?: AbortSignal;
}

/** The command was still running, in a reachable sandbox, when its deadline passed: the candidate's time-out. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** One sandbox that we own. Methods throw EvalpoolError (blame `ours`) when the sandbox or its provider fails. */
export interface Sandbox {
  readonly id: string;
  run(options: CommandOptions): Promise<CommandExit>;
  /** Absolute path → bytes; missing folders are made. One request for all. */
  writeFiles(files: ReadonlyMap<string, Uint8Array>, user?: string): Promise<void>;
  /** The file's bytes, or null if there is none; throws LIMITS above maxBytes. */
  readFile(path: string, maxBytes: number, user?: string): Promise<Uint8Array | null>;
  setNetwork(network: Network): Promise<void>;
  /** Lets it live this much longer from now, ms. */
  extend(lifeMs: number): Promise<void>;
}

/** What to create. */
export interface SandboxRequest {
  template: string | undefined;
  /** Carried by the provider, so that the reaper recognises what is ours. */
  metadata: Readonly<Record<string, string>>;
  /** The provider kills it this long after creation or the last `extend`, ms. */
  lifeMs: number;
  network: Network | undefined;
}

/** A sandbox as the provider lists it. */
export interface ListedSandbox {
  id: string;
  metadata: Readonly<Record<string, string>>;
  startedAt: Date;
  /** A paused one does not count towards the provider's limit, but can come back. */
  paused: boolean;
}

/** The sandboxes of one provider account. */
export interface Sandboxes {
  /** Sent once, never retried: a lost reply is the caller's to settle. */
  create(request: SandboxRequest): Promise<Sandbox>;
  /** Resolves once the provider said that it is gone (or never was); throws when the provider did not answer. */
  destroy(id: string): Promise<void>;
  /** Everything of the account that carries all of the given metadata, paused ones included. */
  list(metadata: Readonly<Record<string, string>>): Promise<ListedSandbox[]>;
}
