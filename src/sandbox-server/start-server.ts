import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addAdminPlane } from './admin/admin-plane.ts';
import { addCodePlane } from './code/code-plane.ts';
import { addressedSandbox, CODE_PORT, enter, isPortOpen, refuseAbsent } from './envd/addressed-sandbox.ts';
import { addControlPlane } from './control/control-plane.ts';
import { addDataPlane } from './envd/data-plane.ts';
import { addFaults } from './faults/play-faults.ts';
import { asRefusal } from './refusal.ts';
import { Sandboxes, type SandboxesOptions } from './sandboxes.ts';

/** How to start a sandbox server. Port 0: any free one. */
export interface SandboxServerOptions extends SandboxesOptions {
  host: string;
  port: number;
  apiKey: string;
}

/** A sandbox server that listens. */
export interface SandboxServer {
  url: string;
  port: number;
  /** Ends every sandbox, connection and the wall. */
  close(): Promise<void>;
}

/** Starts a server that speaks E2B's protocol, control plane and data plane on one port. */
export async function startSandboxServer(options: SandboxServerOptions): Promise<SandboxServer> {
  const sandboxes = new Sandboxes(options);
  void sandboxes.removeUnusedLayers(); // a server that was killed left those of its forks
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // Lists carry metadata in the query, connections are kept by the SDK: neither is ours to cut short.
    maxRequestsPerSocket: 0,
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply, options),
  });
  app.decorateRequest('sandbox');
  app.decorateRequest('entry');
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, options));
  app.setNotFoundHandler((request, reply) => answerNowhere(request, reply, sandboxes));
  app.addHook('onRequest', async (request, reply) => {
    if (!isPortOpen(request, reply, sandboxes)) return reply;
  });
  addFaults(app, sandboxes);
  app.get<{ Querystring: { verbose?: string } }>('/health', (request, reply) =>
    health(request, reply, sandboxes),
  );
  void app.register(async (control) => addControlPlane(control, sandboxes, options.apiKey));
  void app.register(async (admin) => addAdminPlane(admin, sandboxes, options.apiKey));
  addDataPlane(app, sandboxes);
  void app.register(async (code) => addCodePlane(code, sandboxes));
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const close = (): Promise<void> => closeServer(app, sandboxes);
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    port,
    close,
  };
}

function health(
  request: FastifyRequest<{ Querystring: { verbose?: string } }>,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): FastifyReply {
  const address = addressedSandbox(request);
  const isOfCode = address?.port === CODE_PORT;
  if (address && !enter(request, reply, sandboxes, isOfCode ? CODE_PORT : undefined)) return reply;
  // Never wakes one: the SDK asks after each stream that a pause has cut, and would undo every pause.
  if (address && request.sandbox.state === 'paused') return refuseAbsent(reply, request.sandbox.id);
  if (isOfCode) return reply.send('OK');
  if (address || request.query.verbose === undefined) return reply.code(204).send();
  const { wall, limits } = sandboxes.options;
  const { tier } = sandboxes.admission;
  return reply.send({
    sandboxes: sandboxes.counts,
    tier,
    limits,
    wall: wall.report(),
  });
}

function answerNowhere(request: FastifyRequest, reply: FastifyReply, sandboxes: Sandboxes): FastifyReply {
  const address = addressedSandbox(request);
  if (address && !enter(request, reply, sandboxes, address.port)) return reply;
  const endpoint = `${request.method} ${request.url.split('?', 1)[0]}`;
  return reply.code(404).send({ code: 404, message: `no such endpoint: ${endpoint}` });
}

async function closeServer(app: FastifyInstance, sandboxes: Sandboxes): Promise<void> {
  sandboxes.faults.delays.close();
  await Promise.all([app.close(), sandboxes.killAll()]);
  await sandboxes.options.wall.close();
  await sandboxes.removeUnusedLayers();
}

function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log }: SandboxServerOptions,
): FastifyReply {
  const refusal = asRefusal(error);
  if (refusal.status === 500) log.error({ err: error, url: request.url }, 'request failed');
  return reply
    .code(refusal.status)
    .headers(refusal.headers)
    .send({ code: refusal.status, message: refusal.message });
}
