import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import type { FromKeeper, FromRun } from './messages.ts';

/** Hands over each line that has the expected form; others are dropped. */
export function readLines<T>(socket: Socket, form: z.ZodType<T>, take: (message: T) => void): void {
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => {
    const message = form.safeParse(parse(line));
    if (message.success) take(message.data);
  });
  // It repeats the socket's error; the socket's end says enough.
  lines.on('error', () => {});
}

/** Writes one message, if the other side is still there. */
export function sayTo(socket: Socket, message: FromKeeper | FromRun): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
