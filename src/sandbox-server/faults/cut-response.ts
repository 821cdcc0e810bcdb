import type { ServerResponse } from 'node:http';

/** Breaks the connection so long after now, unless the answer is out before. */
export function cutAfterMs(response: ServerResponse, ms: number): void {
  const timer = setTimeout(() => response.socket?.destroy(), ms);
  response.once('close', () => clearTimeout(timer));
}

/** Lets so many bytes of the answer's body out and breaks the connection; an answer that is shorter passes whole. */
export function cutAfterBytes(response: ServerResponse, bytes: number): void {
  interceptBody(response, bytes, () => response.socket?.destroy());
}

/** Resets the connection when the first byte of the answer would leave: what was asked has happened. */
export function resetInsteadOfAnswer(response: ServerResponse): void {
  interceptBody(response, 0, () => response.socket?.resetAndDestroy());
}

// Answers leave by Fastify, by pipes and by event streams alike: all of them through these two.
function interceptBody(response: ServerResponse, bytes: number, cut: () => void): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let left = bytes;
  const pass = (chunk: unknown): boolean => {
    const body =
      typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
    if (body.length === 0 && left > 0) return true;
    const room = left;
    left = Math.max(0, left - body.length);
    if (left > 0) return write(body);
    if (room > 0) write(body.subarray(0, room), cut);
    else cut();
    return true;
  };
  response.write = pass;
  response.end = (chunk?: unknown): ServerResponse => {
    pass(chunk);
    return left > 0 ? end() : response;
  };
}
