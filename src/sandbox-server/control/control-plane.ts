import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readLife, readNetwork, readOrder } from './create-order.ts';
import { enterCreate, enterDestroy } from './enter-request.ts';
import { guard } from './guard.ts';
import { listSandboxes } from './list-sandboxes.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';

/** The envd whose behaviour the data plane has: the SDK asks no less than 0.6.4 for what we do. */
const ENVD_VERSION = '0.6.13';
/** E2B features that this server has not; each would otherwise look like a wrong path. */
const LATER = [
  '/sandboxes/:id/pause',
  '/sandboxes/:id/resume',
  '/sandboxes/:id/snapshots',
  '/sandboxes/:id/fork',
  '/sandboxes/:id/metrics',
  '/sandboxes/:id/logs',
  '/v2/sandboxes/:id/logs',
  '/sandboxes/metrics',
  '/snapshots',
  '/templates',
  '/templates/*',
  '/v2/templates/*',
  '/v3/templates',
  '/volumes',
  '/volumes/*',
  '/secrets',
  '/secrets/*',
];

type ById = { Params: { id: string } };

/** E2B's REST API over the sandboxes of this server; every request carries the key. */
export function addControlPlane(app: FastifyInstance, sandboxes: Sandboxes, apiKey: string): void {
  guard(app, apiKey);
  const { ledger } = sandboxes;
  for (const version of ['', '/v2']) {
    app.post(`${version}/sandboxes`, { onRequest: enterCreate(ledger) }, (request, reply) =>
      create(request, reply, sandboxes),
    );
    app.get(`${version}/sandboxes`, (request, reply) => list(request, reply, sandboxes));
    app.post<ById>(`${version}/sandboxes/:id/connect`, ({ params, body }) =>
      connect(sandboxes, params.id, body),
    );
  }
  app.get<ById>('/sandboxes/:id', ({ params }) => describeInFull(sandboxes, sandboxes.get(params.id)));
  app.delete<ById>('/sandboxes/:id', { onRequest: enterDestroy(ledger) }, async ({ params }, reply) => {
    await sandboxes.kill(params.id);
    return reply.code(204).send();
  });
  addChanges(app, sandboxes);
  for (const url of LATER)
    app.all(url, () => {
      throw new Refusal(501, 'this server does not have this part of E2B yet');
    });
}

function addChanges(app: FastifyInstance, sandboxes: Sandboxes): void {
  app.post<ById>('/sandboxes/:id/timeout', ({ params, body }, reply) => {
    const lifeMs = readLife(body, longestLifeS(sandboxes));
    if (lifeMs === undefined) throw new Refusal(400, 'timeout: expected seconds');
    sandboxes.setLife(sandboxes.get(params.id), lifeMs);
    return reply.code(204).send();
  });
  app.post<ById>('/sandboxes/:id/refreshes', ({ params, body }, reply) => {
    extend(sandboxes, sandboxes.get(params.id), readLife(body, longestLifeS(sandboxes)) ?? 0);
    return reply.code(204).send();
  });
  app.put<ById>('/sandboxes/:id/network', async ({ params, body }, reply) => {
    const sandbox = sandboxes.get(params.id);
    const network = readNetwork(body, sandboxes.options.wall.report().networks);
    await sandbox.box.setNetwork(network);
    sandbox.network = network;
    return reply.code(204).send();
  });
}

async function create(
  request: FastifyRequest,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): Promise<FastifyReply> {
  const { networks } = sandboxes.options.wall.report();
  const order = readOrder(request.body, { networks, longestLifeS: longestLifeS(sandboxes) });
  const sandbox = await sandboxes.create(order);
  request.entry.id = sandbox.id;
  return reply.code(201).headers(sandboxes.admission.rateHeaders()).send(describeAccess(sandbox));
}

function longestLifeS(sandboxes: Sandboxes): number {
  return sandboxes.admission.tier.longestSessionS;
}

function list(request: FastifyRequest, reply: FastifyReply, sandboxes: Sandboxes): FastifyReply {
  const page = listSandboxes(sandboxes.all(), request.query);
  if (page.nextToken !== null) reply.header('x-next-token', page.nextToken);
  reply.header('x-total-running', page.total);
  return reply.send(page.sandboxes.map((sandbox) => describe(sandboxes, sandbox)));
}

function connect(sandboxes: Sandboxes, id: string, body: unknown): object {
  const sandbox = sandboxes.get(id);
  extend(sandboxes, sandbox, readLife(body, longestLifeS(sandboxes)) ?? 0);
  return describeAccess(sandbox);
}

// Never shortens: so does E2B for one that runs.
function extend(sandboxes: Sandboxes, sandbox: LiveSandbox, lifeMs: number): void {
  if (Date.now() + lifeMs > sandbox.endsAt.getTime()) sandboxes.setLife(sandbox, lifeMs);
}

function describeAccess({ id, template, token }: LiveSandbox): object {
  return {
    templateID: template,
    sandboxID: id,
    clientID: 'local',
    envdVersion: ENVD_VERSION,
    envdAccessToken: token,
    domain: null,
  };
}

function describe(sandboxes: Sandboxes, sandbox: LiveSandbox): object {
  const { cpus, memoryMb, diskMb } = sandboxes.options.limits;
  return {
    sandboxID: sandbox.id,
    templateID: sandbox.template,
    alias: sandbox.template,
    clientID: 'local',
    startedAt: sandbox.startedAt.toISOString(),
    endAt: sandbox.endsAt.toISOString(),
    state: 'running',
    cpuCount: cpus,
    memoryMB: memoryMb,
    diskSizeMB: diskMb,
    envdVersion: ENVD_VERSION,
    metadata: sandbox.metadata,
  };
}

function describeInFull(sandboxes: Sandboxes, sandbox: LiveSandbox): object {
  return {
    ...describe(sandboxes, sandbox),
    envdAccessToken: sandbox.token,
    domain: null,
    allowInternetAccess: sandbox.network !== 'none',
    lifecycle: { onTimeout: 'kill', autoResume: false },
  };
}
