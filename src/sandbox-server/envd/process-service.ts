import type { FastifyRequest } from 'fastify';
import { accountEnvironment, accountOfHeader, resolvePath, type Account } from '../accounts.ts';
import type { BoxProcess } from '../box.ts';
import type { EventStream } from './event-stream.ts';
import { Refusal } from '../refusal.ts';
import { RunningProcess, type ProcessConfig } from './running-process.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs, ProcessRequest, StartRequest, type Selector } from '../shapes.ts';

/** Input of one process that it has not read yet, above which more is refused, bytes. */
const UNREAD_INPUT_BYTES = 16 * 1024 * 1024;

/** What a call of a service knows: whose sandbox, what was sent, and under which headers. */
export interface Call {
  sandbox: LiveSandbox;
  message: unknown;
  headers: FastifyRequest['headers'];
}

/** The calls of process.Process that have one answer. */
export const processCalls: Readonly<Record<string, (call: Call) => object | Promise<object>>> = {
  List: ({ sandbox }) => ({
    processes: [...sandbox.processes.values()]
      .filter((process) => !process.isOver)
      .map(({ config, pid, tag }) => ({ config, pid, ...(tag === undefined ? {} : { tag }) })),
  }),
  SendInput: sendInput,
  SendSignal: sendSignal,
  CloseStdin: closeStdin,
  Update: () => {
    throw new Refusal(501, 'this server has no terminals (pty) yet');
  },
};

/** The calls of process.Process that are answered by a stream. Throw before the first event only. */
export const processStreams: Readonly<Record<string, (call: Call, stream: EventStream) => Promise<void>>> = {
  Start: startProcess,
  Connect: connectProcess,
};

async function startProcess(call: Call, stream: EventStream): Promise<void> {
  const { sandbox, headers } = call;
  const asked = parseAs(StartRequest, call.message);
  if (asked.pty) throw new Refusal(501, 'this server has no terminals (pty) yet');
  const account = accountOfHeader(headers.authorization);
  const { cmd, args, envs, cwd } = asked.process;
  const config: ProcessConfig = { cmd, args: args ?? [], envs: envs ?? {}, ...(cwd ? { cwd } : {}) };
  const child = await startInBox(sandbox, config, { account, stdin: asked.stdin ?? true });
  const process: RunningProcess = new RunningProcess(child, config, {
    tag: asked.tag ?? undefined,
    forget: () => {
      if (sandbox.processes.get(child.pid) === process) sandbox.processes.delete(child.pid);
    },
  });
  sandbox.processes.set(child.pid, process);
  process.listen(stream);
  const timeoutMs = readTimeout(headers);
  if (timeoutMs !== undefined) process.killAfter(timeoutMs, () => stream.end(deadlinePassed()));
}

async function startInBox(
  sandbox: LiveSandbox,
  config: ProcessConfig,
  as: { account: Account; stdin: boolean },
): Promise<BoxProcess> {
  const cwd = config.cwd ? resolvePath(config.cwd, as.account) : as.account.home;
  const env = { ...accountEnvironment(as.account), ...sandbox.envVars, ...config.envs };
  const argv = [config.cmd, ...config.args];
  try {
    return await sandbox.box.start({ argv, env, cwd, user: as.account.name, stdin: as.stdin });
  } catch (error) {
    await checkFolder(sandbox, cwd);
    throw error;
  }
}

/** Throws 400 when a command cannot start in this folder, by its absolute path inside. */
export async function checkFolder(sandbox: LiveSandbox, cwd: string): Promise<void> {
  const seen = await sandbox.box.files.stat(cwd).catch(() => null);
  if (seen === null) throw new Refusal(400, `cwd '${cwd}' does not exist`);
  if (seen.targetKind !== 'folder') throw new Refusal(400, `cwd '${cwd}' is not a directory`);
}

async function connectProcess({ sandbox, message, headers }: Call, stream: EventStream): Promise<void> {
  const process = find(sandbox, parseAs(ProcessRequest, message).process);
  process.listen(stream);
  const timeoutMs = readTimeout(headers);
  if (timeoutMs === undefined || stream.isOver) return;
  const timer = setTimeout(() => stream.end(deadlinePassed()), timeoutMs);
  stream.onClose(() => clearTimeout(timer));
}

async function sendInput({ sandbox, message }: Call): Promise<object> {
  const { process: selector, input } = parseAs(ProcessRequest, message);
  const { stdin } = find(sandbox, selector);
  if (input?.pty !== undefined) throw new Refusal(400, 'the process has no terminal');
  if (!stdin?.writable) throw new Refusal(400, 'stdin of the process is not open');
  if (stdin.writableLength > UNREAD_INPUT_BYTES)
    throw new Refusal(429, 'the process does not read its input; wait before sending more');
  await new Promise<void>((resolve, reject) => {
    stdin.write(Buffer.from(input?.stdin ?? '', 'base64'), (error) =>
      error ? reject(new Refusal(400, 'stdin of the process is not open')) : resolve(),
    );
  });
  return {};
}

function sendSignal({ sandbox, message }: Call): object {
  const { process: selector, signal } = parseAs(ProcessRequest, message);
  const process = find(sandbox, selector);
  if (process.isOver) throw new Refusal(404, `process with pid ${process.pid} not found`);
  if (signal === 'SIGNAL_SIGKILL' || signal === 9) process.signal('SIGKILL');
  else if (signal === 'SIGNAL_SIGTERM' || signal === 15) process.signal('SIGTERM');
  else throw new Refusal(400, `invalid signal: ${signal ?? 'SIGNAL_UNSPECIFIED'}`);
  return {};
}

function closeStdin({ sandbox, message }: Call): object {
  const { stdin } = find(sandbox, parseAs(ProcessRequest, message).process);
  if (!stdin) throw new Refusal(400, 'stdin of the process is not open');
  stdin.end();
  return {};
}

function find(sandbox: LiveSandbox, { pid, tag }: Selector): RunningProcess {
  const found =
    tag === undefined
      ? sandbox.processes.get(pid ?? 0)
      : [...sandbox.processes.values()].findLast((process) => process.tag === tag);
  if (!found)
    throw new Refusal(
      404,
      tag === undefined ? `process with pid ${pid ?? 0} not found` : `process with tag ${tag} not found`,
    );
  return found;
}

function readTimeout(headers: Call['headers']): number | undefined {
  const ms = Number(headers['connect-timeout-ms']);
  // Beyond 2^31 ms a timer would fire at once, and no sandbox lives that long.
  return Number.isInteger(ms) && ms > 0 && ms < 2 ** 31 ? ms : undefined;
}

function deadlinePassed(): Refusal {
  return new Refusal(504, 'context deadline exceeded');
}
