import type { BoxProcess, TerminalSize } from '../box.ts';
import { Deadline } from './deadline.ts';
import { EventStream } from './event-stream.ts';

/** How long after its end a process still answers `Connect`, ms, as envd's. */
const REMEMBERED_MS = 30_000;
/** How long output still in the pipes of a process ended by a signal of ours is read, ms: a child that holds them may never close them. */
const LAST_WORDS_MS = 100;
/** How long a SIGKILL that nobody here sent waits before it is told, ms: if the whole sandbox died, the stream is cut instead. */
const DOUBT_MS = 250;

/** What was asked to run, as `List` shows it. */
export interface ProcessConfig {
  cmd: string;
  args: string[];
  envs: Record<string, string>;
  cwd?: string | undefined;
}

/**
 * One process of a sandbox and whoever listens to it.
 * 1. Its output goes to every listener, to nobody if there is none; the slowest listener sets the pace.
 * 2. It ends when it has exited and its pipes are read out; after a signal of ours, when it has exited.
 */
export class RunningProcess {
  readonly config: ProcessConfig;
  readonly tag: string | undefined;
  readonly #child: BoxProcess;
  readonly #listeners = new Set<EventStream>();
  readonly #behind = new Set<EventStream>();
  readonly #forget: () => void;
  #end: string | null = null;
  #openPipes = 2;
  #exit: { code: number } | { signal: string } | null = null;
  #signalled = false;
  #killed = false;
  #deadline: Deadline | undefined;
  #remembered: NodeJS.Timeout | undefined;

  constructor(
    child: BoxProcess,
    config: ProcessConfig,
    more: { tag?: string | undefined; forget: () => void },
  ) {
    this.#child = child;
    this.config = config;
    this.tag = more.tag;
    this.#forget = more.forget;
    for (const pipe of ['stdout', 'stderr'] as const) {
      const kind = this.isTerminal ? 'pty' : pipe;
      child[pipe].on('data', (bytes: Buffer) => this.#tell(kind, bytes));
      child[pipe].on('error', () => {});
      child[pipe].once('close', () => this.#pipeClosed());
    }
    child.stdin?.on('error', () => {});
    void child.exit.then((exit) => this.#exited(exit));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdin(): BoxProcess['stdin'] {
    return this.#child.stdin;
  }

  /** What it is given and what it tells is a terminal's. */
  get isTerminal(): boolean {
    return this.#child.resize !== null;
  }

  /** True from its end or a kill on, even while its last words are read. */
  get isOver(): boolean {
    return this.#end !== null || this.#killed;
  }

  /** Tells a stream everything from now on; a process that has ended tells only that. */
  listen(stream: EventStream): void {
    stream.send(`{"event":{"start":{"pid":${this.pid}}}}`);
    if (this.#end !== null) return finish(stream, this.#end);
    if (stream.isOver) return;
    this.#listeners.add(stream);
    stream.onDrain = () => this.#caughtUp(stream);
    stream.onClose(() => {
      this.#listeners.delete(stream);
      this.#caughtUp(stream);
    });
  }

  signal(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#signalled = true;
    if (signal === 'SIGKILL') this.#killed = true;
    if (this.#exit === null) this.#child.kill(signal);
    else this.#finish();
  }

  /** Throws an Error where it has no terminal. */
  async resize(size: TerminalSize): Promise<void> {
    if (!this.#child.resize) throw new Error('tty not assigned to process');
    await this.#child.resize(size);
  }

  /** Kills it after so long, and tells, unless it ends before. */
  killAfter(ms: number, tell: () => void): void {
    this.#deadline = new Deadline(ms, () => {
      tell();
      this.signal('SIGKILL');
    });
  }

  /** Its sandbox stands still: time does not count. */
  hold(): void {
    this.#deadline?.hold();
  }

  goOn(): void {
    if (this.#end === null) this.#deadline?.goOn();
  }

  /** Its sandbox is gone, and nobody will ask: nothing of either is to be kept. */
  leave(): void {
    this.#deadline?.clear();
    clearTimeout(this.#remembered);
  }

  #tell(kind: 'stdout' | 'stderr' | 'pty', bytes: Buffer): void {
    for (const stream of this.#listeners) if (!stream.sendOutput(kind, bytes)) this.#behind.add(stream);
    if (this.#behind.size === 0) return;
    this.#child.stdout.pause();
    this.#child.stderr.pause();
  }

  #caughtUp(stream: EventStream): void {
    if (!this.#behind.delete(stream) || this.#behind.size > 0) return;
    this.#child.stdout.resume();
    this.#child.stderr.resume();
  }

  #pipeClosed(): void {
    this.#openPipes -= 1;
    if (this.#openPipes === 0 && this.#exit !== null) this.#finish();
  }

  #exited(exit: { code: number } | { signal: string }): void {
    if ('signal' in exit && exit.signal === 'SIGKILL' && !this.#killed) {
      setTimeout(() => this.#settle(exit), DOUBT_MS).unref();
    } else this.#settle(exit);
  }

  #settle(exit: { code: number } | { signal: string }): void {
    this.#exit = exit;
    if (this.#openPipes === 0) this.#finish();
    else if (this.#signalled) setTimeout(() => this.#finish(), LAST_WORDS_MS).unref();
  }

  #finish(): void {
    if (this.#end !== null || this.#exit === null) return;
    this.#end = describeEnd(this.#exit);
    this.#deadline?.clear();
    for (const stream of this.#listeners) finish(stream, this.#end);
    this.#child.stdin?.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#remembered = setTimeout(this.#forget, REMEMBERED_MS).unref();
  }
}

function finish(stream: EventStream, end: string): void {
  stream.send(end);
  stream.end();
}

// envd's words (Go's): the SDK hands `error` to its users as the message.
function describeEnd(exit: { code: number } | { signal: string }): string {
  if ('code' in exit) {
    const status = `exit status ${exit.code}`;
    const error = exit.code === 0 ? {} : { error: status };
    return JSON.stringify({ event: { end: { exitCode: exit.code, exited: true, status, ...error } } });
  }
  const words = `signal: ${SIGNAL_WORDS[exit.signal] ?? exit.signal.toLowerCase()}`;
  return JSON.stringify({ event: { end: { exitCode: -1, exited: false, status: words, error: words } } });
}

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
};
