import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Sandboxes } from '../sandboxes.ts';
import { codecOf, openEnvelopes, STREAM_TYPES } from './connect-body.ts';
import type { EventStream } from './event-stream.ts';
import type { Codec } from './messages/codec.ts';
import { streamInput } from './process-input.ts';
import { answerByStream } from './stream-answer.ts';

const PATH = 'process.Process/StreamInput';

type Streamed = FastifyRequest<{ Body: IncomingMessage }>;

/** The one method whose request is a stream: its messages are read as they come, and answered once. */
export function addClientStream(app: FastifyInstance, sandboxes: Sandboxes): void {
  app.removeContentTypeParser(STREAM_TYPES);
  app.addContentTypeParser(STREAM_TYPES, async (_request: FastifyRequest, body: IncomingMessage) => body);
  const bodyLimit = Number.MAX_SAFE_INTEGER;
  app.post<{ Body: IncomingMessage }>(`/${PATH}`, { bodyLimit }, (request, reply) => {
    const codec = codecOf('stream', request.headers, PATH);
    const run = (stream: EventStream): Promise<void> => takeInput(request, codec, stream);
    return answerByStream(request, reply, { codec, keepalive: null, sandboxes, run });
  });
}

async function takeInput(
  { sandbox, headers, body }: Streamed,
  codec: Codec,
  stream: EventStream,
): Promise<void> {
  const bodies = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  try {
    stream.send(JSON.stringify(await streamInput(sandbox, readAll(openEnvelopes(bodies, headers), codec))));
    stream.end();
  } finally {
    body.resume(); // of a client that was refused and sends on
  }
}

async function* readAll(messages: AsyncIterable<Buffer>, codec: Codec): AsyncGenerator {
  for await (const message of messages) yield codec.read(message);
}
