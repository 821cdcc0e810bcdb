import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  codecOf,
  MAX_MESSAGE_BYTES,
  openBody,
  openEnvelope,
  STREAM_TYPES,
  UNARY_TYPES,
} from './connect-body.ts';
import { addClientStream } from './client-stream.ts';
import type { EventStream } from './event-stream.ts';
import { filesystemCalls, filesystemStreams } from './filesystem-service.ts';
import { processCalls, processStreams, type Call } from './process-service.ts';
import { answerByStream } from './stream-answer.ts';
import { asRefusal, Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';

type Method = { Params: { method: string }; Body: Buffer };

/** One service: its calls of one answer, those answered by a stream, and what such a stream says when all is quiet. */
interface Service {
  name: string;
  calls: Readonly<Record<string, (call: Call) => object | Promise<object>>>;
  streams: Readonly<Record<string, (call: Call, stream: EventStream) => Promise<unknown>>>;
  keepalive: string;
}

const SERVICES: readonly Service[] = [
  {
    name: 'process.Process',
    calls: processCalls,
    streams: processStreams,
    keepalive: '{"event":{"keepalive":{}}}',
  },
  {
    name: 'filesystem.Filesystem',
    calls: filesystemCalls,
    streams: filesystemStreams,
    keepalive: '{"keepalive":{}}',
  },
];

/** The Connect protocol, JSON and binary, of the two services of envd. Needs `request.sandbox`. */
export function addConnectRpc(app: FastifyInstance, sandboxes: Sandboxes): void {
  const options = { parseAs: 'buffer', bodyLimit: MAX_MESSAGE_BYTES } as const;
  app.addContentTypeParser(UNARY_TYPES, options, async ({ headers }: FastifyRequest, body: Buffer) =>
    openBody(body, headers['content-encoding']),
  );
  app.addContentTypeParser(STREAM_TYPES, options, async (_request: FastifyRequest, body: Buffer) => body);
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error);
    if (refusal.status >= 500 && refusal.status !== 501)
      sandboxes.options.log.error({ err: error, url: request.url }, 'request failed');
    return reply
      .code(refusal.connectStatus)
      .type('application/json')
      .send({ code: refusal.connectCode, message: refusal.message });
  });
  for (const service of SERVICES) addService(app, service, sandboxes);
  void app.register(async (inner) => addClientStream(inner, sandboxes));
}

function addService(app: FastifyInstance, service: Service, sandboxes: Sandboxes): void {
  app.post<Method>(`/${service.name}/:method`, (request, reply) => {
    const { params, sandbox, headers, body } = request;
    const method = findMethod(service.streams, params.method);
    if (!method) return answer(request, reply, service);
    const codec = codecOf('stream', headers, `${service.name}/${params.method}`);
    const run = async (stream: EventStream): Promise<unknown> =>
      method({ sandbox, message: codec.read(await openEnvelope(body, headers)), headers }, stream);
    return answerByStream(request, reply, { codec, keepalive: service.keepalive, sandboxes, run });
  });
  // Connect lets methods that change nothing be asked by GET, if they are marked so: envd's are not.
  app.get(`/${service.name}/:method`, (_request, reply) => {
    reply.header('allow', 'POST');
    throw new Refusal(405, 'methods are called by POST');
  });
}

async function answer(
  { params, sandbox, headers, body }: FastifyRequest<Method>,
  reply: FastifyReply,
  service: Service,
): Promise<FastifyReply> {
  const call = findMethod(service.calls, params.method);
  if (!call) throw new Refusal(501, `no such method: ${params.method}`);
  const codec = codecOf('unary', headers, `${service.name}/${params.method}`);
  const answered = await call({ sandbox, message: codec.read(body), headers });
  return reply.type(`application/${codec.name}`).send(codec.write(JSON.stringify(answered)));
}

// Names of methods come from the URL: `constructor` must not find anything.
function findMethod<T>(methods: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}
