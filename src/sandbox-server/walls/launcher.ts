import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { constants as flags, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { EvalpoolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { BoxCommand, BoxProcess, TerminalSize } from '../box.ts';
import type { WayToStart } from './box-start.ts';
import { frame } from './frame.ts';
import { LAUNCHER_PROGRAM } from './launcher-program.ts';
import type { Rlimit } from './rlimits.ts';

type Request = 'network' | 'sweep' | 'resize' | 'save' | 'load' | 'release';
type Exit = { code: number } | { signal: string };

interface Waiting {
  resolve: (fields: string[]) => void;
  reject: (error: Error) => void;
}

/** What the launcher starts a box with. */
export interface MakeBox {
  id: string;
  uid: number;
  gid: number;
  /** Files of control groups that its commands join. */
  cgroups: readonly string[];
  rlimits: readonly Rlimit[];
  /** Where its disk is mounted, and the options of that tmpfs. */
  disk: { folder: string; options: string };
  /** How its files start, and from which layers, the lowest first; they are kept from removal while it lives. */
  way: WayToStart | '';
  layers: readonly string[];
  argv: readonly string[];
}

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** The process that makes boxes and enters them for us; when it ends, for whatever reason, every box of it ends too. */
export class Launcher {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #starting = new Map<string, Waiting>();
  readonly #running = new Map<string, (exit: Exit) => void>();
  readonly #boxes = new Map<string, () => void>();
  readonly #over: Promise<void>;
  #lastRequest = 0;
  #alive = true;

  constructor(filter: string, log: Log, program = LAUNCHER_PROGRAM) {
    // A session of its own: Ctrl-C on the server's terminal is the server's to handle.
    this.#child = spawn('perl', ['-e', program, filter], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    });
    this.#over = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#lost(error.message, resolve));
      this.#child.once('close', () => this.#lost('the launcher ended', resolve));
    });
    this.#child.stdin.on('error', () => {}); // 'close' tells
    this.#child.stderr.on('data', (text: Buffer) => log.warn({ launcher: String(text).trim() }, 'launcher'));
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(line.split(' '));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Starts a box; gives the host pid of its first process and the promise of its end. */
  async make(box: MakeBox): Promise<{ pid: number; ended: Promise<void> }> {
    const ended = new Promise<void>((resolve) => this.#boxes.set(box.id, resolve));
    const limits = box.rlimits.map((pair) => pair.join(' ')).join('\n');
    const head = ['make', box.id, String(box.uid), String(box.gid), box.cgroups.join('\n'), limits];
    const files = [box.disk.folder, box.disk.options, box.way, box.layers.join('\n')];
    const [pid] = await this.#ask(box.id, [...head, ...files, ...box.argv]);
    return { pid: Number(pid), ended };
  }

  /** Kills a box; its `ended` resolves when it is gone. */
  end(id: string): void {
    this.#send(['end', id]);
  }

  /** Runs a command in a box. Throws an Error that says why it could not: `cwd '<dir>' does not exist`. */
  async start(boxId: string, command: BoxCommand): Promise<BoxProcess> {
    const { terminal, cwd, argv } = command;
    const stdin = terminal ? `${terminal.cols} ${terminal.rows}` : command.stdin ? '1' : '';
    const environment = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
    const fields = [boxId, stdin, cwd, String(argv.length), ...argv, ...environment];
    const { id, process } = await this.run('start', fields);
    if (!terminal) return process;
    const resize = ({ cols, rows }: TerminalSize): Promise<void> =>
      this.request('resize', id, String(cols), String(rows));
    return { ...process, resize };
  }

  /** Has the launcher start a process in a box, by the name of what does it. Throws as `start`. */
  async run(name: string, fields: string[]): Promise<{ id: string; process: BoxProcess }> {
    const id = `c${++this.#lastRequest}`;
    const exit = new Promise<Exit>((resolve) => this.#running.set(id, resolve));
    const [pid, ...pipes] = await this.#ask(id, [name, id, ...fields]).catch((error: unknown) => {
      this.#running.delete(id);
      throw error;
    });
    const [stdin = null, stdout, stderr = Readable.from([])] = this.#openPipes(id, pipes);
    if (!stdout) throw new Error('the sandbox is gone');
    const kill: BoxProcess['kill'] = (signal) =>
      this.#send(['signal', id, String(constants.signals[signal])]);
    return { id, process: { pid: Number(pid), stdin, stdout, stderr, exit, kill, resize: null } };
  }

  /** Opens or closes a box's way out; `refused` are networks that it must not reach, as a.b.c.d/n. */
  async network(boxId: string, on: boolean, refused: readonly string[]): Promise<void> {
    await this.request('network', boxId, on ? '1' : '', refused.join(' '));
  }

  /** Sends a signal to every process of a box but the first, until each has stopped or died of it. Throws when some do not. */
  async sweep(boxId: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    await this.request('sweep', boxId, String(constants.signals[signal]));
  }

  /** Has it do one thing, with the fields that its program names. Throws an Error that says why it could not. */
  async request(word: Request, ...fields: string[]): Promise<void> {
    const id = `r${++this.#lastRequest}`;
    await this.#ask(id, [word, id, ...fields]);
  }

  /** Has a gVisor box kill its largest processes, until so much memory will be free. */
  relieve(boxId: string, bytes: number): void {
    this.#send(['relieve', boxId, String(bytes)]);
  }

  /** Frees the memory of a layer that nobody needs. */
  drop(folder: string): void {
    this.#send(['drop', folder]);
  }

  /** Ends it and every box; resolves when it is gone. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#over;
  }

  #openPipes(id: string, numbers: string[]): Array<Socket | undefined> {
    const folder = `/proc/${this.#child.pid}/fd`;
    try {
      return numbers.map((number, at) => {
        if (number === '-1') return undefined;
        const mode = at === 0 ? flags.O_WRONLY : flags.O_RDONLY;
        const fd = openSync(`${folder}/${number}`, mode | flags.O_NONBLOCK);
        const socket = new Socket({ fd, readable: at !== 0, writable: at === 0 });
        return socket.on('error', () => socket.destroy());
      });
    } finally {
      this.#send(['opened', id]);
    }
  }

  #ask(id: string, fields: string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) return reject(new EvalpoolError('INTERNAL', 'the launcher of sandboxes is gone'));
      this.#starting.set(id, { resolve, reject });
      this.#send(fields);
    });
  }

  #send(fields: string[]): void {
    if (this.#alive) this.#child.stdin.write(frame(fields));
  }

  #hear([word, id = '', ...fields]: string[]): void {
    if (word === 'gone') return this.#gone(id);
    if (word === 'ended') return this.#ended(id, fields);
    const waiting = this.#starting.get(id);
    this.#starting.delete(id);
    if (word === 'made' || word === 'started' || word === 'done') return waiting?.resolve(fields);
    this.#boxes.delete(id);
    return waiting?.reject(new Error(fields.join(' ')));
  }

  #gone(id: string): void {
    this.#boxes.get(id)?.();
    this.#boxes.delete(id);
  }

  #ended(id: string, [code, signal]: string[]): void {
    const number = Number(signal);
    this.#running.get(id)?.(
      number === 0 ? { code: Number(code) } : { signal: SIGNAL_NAMES.get(number) ?? `SIG${number}` },
    );
    this.#running.delete(id);
  }

  #lost(reason: string, resolve: () => void): void {
    this.#alive = false;
    for (const { reject } of this.#starting.values()) reject(new EvalpoolError('INTERNAL', reason));
    for (const ended of this.#running.values()) ended({ signal: 'SIGKILL' });
    for (const gone of this.#boxes.values()) gone();
    this.#starting.clear();
    this.#running.clear();
    this.#boxes.clear();
    resolve();
  }
}
