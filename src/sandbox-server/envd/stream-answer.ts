import type { FastifyReply, FastifyRequest } from 'fastify';
import { asRefusal, Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { EventStream, type Speech } from './event-stream.ts';

const DEFAULT_KEEPALIVE_S = 90;

/** How a request is answered by a stream, and on behalf of whom. */
export interface StreamAnswer extends Omit<Speech, 'keepaliveMs'> {
  sandboxes: Sandboxes;
  /** Sends; or ends nothing yet and throws, which ends the stream with that error. */
  run: (stream: EventStream) => Promise<unknown>;
}

/** Answers by a stream that is cut when the sandbox dies. */
export async function answerByStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { sandboxes, run, ...speech }: StreamAnswer,
): Promise<void> {
  const { sandbox, headers } = request;
  reply.hijack();
  const keepaliveMs = readKeepalive(headers['keepalive-ping-interval']);
  const stream = new EventStream(reply.raw, { ...speech, keepaliveMs });
  sandbox.streams.add(stream);
  stream.onClose(() => sandbox.streams.delete(stream));
  try {
    await run(stream);
  } catch (error) {
    const gone = sandboxes.find(sandbox.id) === undefined;
    const refusal = gone ? new Refusal(502, 'the sandbox is gone') : asRefusal(error);
    if (refusal.status === 500 && refusal !== error)
      sandboxes.options.log.error({ err: error, sandbox: sandbox.id, url: request.url }, 'a stream failed');
    stream.end(refusal);
  }
}

function readKeepalive(header: unknown): number {
  const seconds = Number(header);
  return (Number.isInteger(seconds) && seconds > 0 && seconds < 3600 ? seconds : DEFAULT_KEEPALIVE_S) * 1000;
}
