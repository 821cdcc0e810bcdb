import { Refusal } from '../refusal.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { parseAs, ProcessRequest, StreamInputRequest, type Input } from '../shapes.ts';
import { findRunning } from './find-process.ts';
import type { Call } from './process-service.ts';
import type { RunningProcess } from './running-process.ts';

/** Input of one process that it has not read yet, above which more is refused, bytes. */
const UNREAD_INPUT_BYTES = 16 * 1024 * 1024;

/** process.Process/SendInput: resolves when the input is on its way. Throws 400, 404, 429. */
export async function sendInput({ sandbox, message }: Call): Promise<object> {
  const { process, input } = parseAs(ProcessRequest, message);
  await feed(findRunning(sandbox, process), input);
  return {};
}

/** process.Process/StreamInput: the same in order, as long as messages come. Throws as sendInput. */
export async function streamInput(sandbox: LiveSandbox, messages: AsyncIterable<unknown>): Promise<object> {
  let process: RunningProcess | undefined;
  for await (const message of messages) {
    const { start, data, keepalive } = parseAs(StreamInputRequest, message);
    if (start) process = findRunning(sandbox, start.process);
    else if (data && process) await feed(process, data.input);
    else if (!keepalive) throw new Refusal(400, 'expected start, then data or keepalive');
  }
  return {};
}

/** process.Process/CloseStdin: its reader comes to the end. Throws 400, 404. */
export function closeStdin({ sandbox, message }: Call): object {
  const process = findRunning(sandbox, parseAs(ProcessRequest, message).process);
  if (process.isTerminal)
    throw new Refusal(400, 'cannot close stdin for PTY process — send Ctrl+D (0x04) instead');
  process.stdin?.end();
  return {};
}

/** process.Process/Update: gives a terminal another size. Throws 400, 404. */
export async function updateProcess({ sandbox, message }: Call): Promise<object> {
  const { process: selector, pty } = parseAs(ProcessRequest, message);
  const process = findRunning(sandbox, selector);
  if (!pty) return {};
  if (!process.isTerminal) throw new Refusal(400, 'tty not assigned to process');
  await process.resize(pty.size);
  return {};
}

async function feed({ stdin, isTerminal }: RunningProcess, input: Input | undefined): Promise<void> {
  const given = isTerminal ? input?.pty : input?.stdin;
  if (given === undefined)
    throw new Refusal(
      400,
      isTerminal
        ? 'tty assigned to process — input should be written to the pty, not the stdin'
        : 'tty not assigned to process — input should be written to the stdin, not the tty',
    );
  if (!stdin?.writable) throw new Refusal(400, 'stdin of the process is not open');
  if (stdin.writableLength > UNREAD_INPUT_BYTES)
    throw new Refusal(429, 'the process does not read its input; wait before sending more');
  await new Promise<void>((resolve, reject) => {
    stdin.write(Buffer.from(given, 'base64'), (error) =>
      error ? reject(new Refusal(400, 'stdin of the process is not open')) : resolve(),
    );
  });
}
