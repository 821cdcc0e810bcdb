import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EventStream, openEnvelope } from './event-stream.ts';
import { filesystemCalls } from './filesystem-service.ts';
import { processCalls, processStreams, type Call } from './process-service.ts';
import { asRefusal, Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { parseJson } from '../shapes.ts';

/** Largest message of a call, bytes. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const DEFAULT_KEEPALIVE_S = 90;

type Method = { Params: { method: string }; Body: Buffer };

/** The Connect protocol, JSON form, of the two services of envd. Needs `request.sandbox`. */
export function addConnectRpc(app: FastifyInstance, sandboxes: Sandboxes): void {
  const options = { parseAs: 'buffer', bodyLimit: MAX_MESSAGE_BYTES } as const;
  for (const type of ['application/json', 'application/connect+json'])
    app.addContentTypeParser(type, options, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error);
    if (refusal.status >= 500 && refusal.status !== 501)
      sandboxes.options.log.error({ err: error, url: request.url });
    return reply.code(refusal.status).send({ code: refusal.connectCode, message: refusal.message });
  });
  app.post<Method>('/process.Process/:method', (request, reply) => {
    const stream = method(processStreams, request.params.method);
    if (stream) return answerByStream(request, reply, { run: stream, sandboxes });
    return answer(request, processCalls);
  });
  app.post<Method>('/filesystem.Filesystem/:method', (request, reply) => {
    if (request.params.method === 'WatchDir')
      return answerByStream(request, reply, { run: filesystemCalls['WatchDir'], sandboxes });
    return answer(request, filesystemCalls);
  });
}

async function answer(
  request: FastifyRequest<Method>,
  calls: Readonly<Record<string, (call: Call) => object | Promise<object>>>,
): Promise<object> {
  const call = method(calls, request.params.method);
  if (!call) throw new Refusal(501, `no such method: ${request.params.method}`);
  return call({ sandbox: request.sandbox, message: parseJson(request.body), headers: request.headers });
}

interface Streamed {
  run: ((call: Call, stream: EventStream) => Promise<unknown>) | undefined;
  sandboxes: Sandboxes;
}

async function answerByStream(
  request: FastifyRequest<Method>,
  reply: FastifyReply,
  { run, sandboxes }: Streamed,
): Promise<void> {
  const { sandbox, headers } = request;
  reply.hijack();
  const stream = new EventStream(reply.raw, keepaliveMs(headers['keepalive-ping-interval']));
  sandbox.streams.add(stream);
  stream.onClose(() => sandbox.streams.delete(stream));
  try {
    const message = openEnvelope(request.body);
    if (!message) throw new Refusal(400, 'expected one uncompressed Connect envelope');
    await run?.({ sandbox, message: parseJson(message), headers }, stream);
  } catch (error) {
    const gone = sandboxes.find(sandbox.id) === undefined;
    const refusal = gone ? new Refusal(502, 'the sandbox is gone') : asRefusal(error);
    if (refusal.status === 500) sandboxes.options.log.error({ err: error, url: request.url });
    stream.end(refusal);
  }
}

function keepaliveMs(header: unknown): number {
  const seconds = Number(header);
  return (Number.isInteger(seconds) && seconds > 0 && seconds < 3600 ? seconds : DEFAULT_KEEPALIVE_S) * 1000;
}

// Names of methods come from the URL: `constructor` must not find anything.
function method<T>(calls: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(calls, name) ? calls[name] : undefined;
}
