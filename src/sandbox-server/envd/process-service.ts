import type { FastifyRequest } from 'fastify';
import { accountEnvironment, accountOfHeader, resolvePath, type Account } from '../accounts.ts';
import type { BoxCommand, BoxProcess } from '../box.ts';
import { deadlinePassed, endInTime, timeoutOf } from './call-timeout.ts';
import type { EventStream } from './event-stream.ts';
import { findEver, findRunning } from './find-process.ts';
import { closeStdin, sendInput, updateProcess } from './process-input.ts';
import { Refusal } from '../refusal.ts';
import { RunningProcess, type ProcessConfig } from './running-process.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs, ProcessRequest, StartRequest } from '../shapes.ts';
import { sandboxVariables } from './variables.ts';

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
  Update: updateProcess,
};

/** The calls of process.Process that are answered by a stream. Throw before the first event only. */
export const processStreams: Readonly<Record<string, (call: Call, stream: EventStream) => Promise<void>>> = {
  Start: startProcess,
  Connect: connectProcess,
};

async function startProcess(call: Call, stream: EventStream): Promise<void> {
  const { sandbox, headers } = call;
  const asked = parseAs(StartRequest, call.message);
  const account = accountOfHeader(headers.authorization);
  const { cmd, args, envs, cwd } = asked.process;
  const config: ProcessConfig = { cmd, args: args ?? [], envs: envs ?? {}, ...(cwd ? { cwd } : {}) };
  const as = { account, stdin: asked.stdin ?? true, terminal: asked.pty?.size };
  const child = await startInBox(sandbox, config, as);
  const process: RunningProcess = new RunningProcess(child, config, {
    tag: asked.tag ?? undefined,
    forget: () => {
      if (sandbox.processes.get(child.pid) === process) sandbox.processes.delete(child.pid);
    },
  });
  sandbox.processes.set(child.pid, process);
  logCommand(sandbox, child, config);
  process.listen(stream);
  const timeoutMs = timeoutOf(headers);
  if (timeoutMs !== undefined) process.killAfter(timeoutMs, () => stream.end(deadlinePassed()));
}

function logCommand({ log }: LiveSandbox, { pid, exit }: BoxProcess, { cmd, args }: ProcessConfig): void {
  log.add('command started', { pid: String(pid), command: [cmd, ...args].join(' ') });
  void exit.then((end) => log.add('command ended', { pid: String(pid), ...textOf(end) }));
}

function textOf(end: Awaited<BoxProcess['exit']>): Record<string, string> {
  return 'code' in end ? { exitCode: String(end.code) } : { signal: end.signal };
}

async function startInBox(
  sandbox: LiveSandbox,
  config: ProcessConfig,
  { account, ...given }: { account: Account } & Pick<BoxCommand, 'stdin' | 'terminal'>,
): Promise<BoxProcess> {
  const cwd = config.cwd ? resolvePath(config.cwd, account) : account.home;
  const env = { ...accountEnvironment(account), ...sandboxVariables(sandbox), ...config.envs };
  const argv = [config.cmd, ...config.args];
  try {
    return await sandbox.box.start({ argv, env, cwd, user: account.name, ...given });
  } catch (error) {
    await checkFolder(sandbox, cwd);
    if (error instanceof Error && error.message.startsWith('no terminal'))
      throw new Refusal(429, error.message);
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
  const process = findEver(sandbox, parseAs(ProcessRequest, message).process);
  process.listen(stream);
  endInTime(stream, headers);
}

function sendSignal({ sandbox, message }: Call): object {
  const { process: selector, signal } = parseAs(ProcessRequest, message);
  const process = findRunning(sandbox, selector);
  if (signal === 'SIGNAL_SIGKILL' || signal === 9) process.signal('SIGKILL');
  else if (signal === 'SIGNAL_SIGTERM' || signal === 15) process.signal('SIGTERM');
  else throw new Refusal(501, `invalid signal: ${signal ?? 'SIGNAL_UNSPECIFIED'}`);
  return {};
}
