import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readOrder } from './create-order.ts';
import { describe, describeAccess, describeInFull } from './describe.ts';
import { readNetworkUpdate } from './egress.ts';
import { enterCreate, enterDestroy } from './enter-request.ts';
import { guard } from './guard.ts';
import { addLife } from './life.ts';
import { listRunning, listSandboxes } from './list-sandboxes.ts';
import { addNotServed } from './not-served.ts';
import { addRecords } from './records.ts';
import { addSnapshots } from './snapshots.ts';
import { addTemplates } from './templates.ts';
import type { Sandboxes } from '../sandboxes.ts';

type ById = { Params: { id: string } };

/** E2B's REST API over the sandboxes of this server; every request carries the key. */
export function addControlPlane(app: FastifyInstance, sandboxes: Sandboxes, apiKey: string): void {
  guard(app, apiKey);
  const { ledger } = sandboxes;
  for (const version of ['', '/v2'])
    app.post(`${version}/sandboxes`, { onRequest: enterCreate(sandboxes) }, (request, reply) =>
      create(request, reply, sandboxes),
    );
  app.get('/v2/sandboxes', (request, reply) => list(request, reply, sandboxes));
  app.get('/sandboxes', ({ query }) =>
    listRunning(sandboxes.all(), query).map((sandbox) => describe(sandboxes, sandbox)),
  );
  app.get<ById>('/sandboxes/:id', ({ params }) => describeInFull(sandboxes, sandboxes.get(params.id)));
  app.delete<ById>('/sandboxes/:id', { onRequest: enterDestroy(ledger) }, async ({ params }, reply) => {
    await sandboxes.kill(params.id);
    return reply.code(204).send();
  });
  app.put<ById>('/sandboxes/:id/network', async ({ params, body }, reply) => {
    const sandbox = sandboxes.getRunning(params.id);
    const egress = readNetworkUpdate(body, sandboxes.options.wall.report().networks);
    await sandbox.box.setNetwork(egress.network, egress.denied);
    sandbox.egress = egress;
    return reply.code(204).send();
  });
  // Who has the key is the team.
  app.get('/teams', () => [{ teamID: 'local', name: 'local', apiKey, isDefault: true }]);
  addLife(app, sandboxes);
  addRecords(app, sandboxes);
  addSnapshots(app, sandboxes);
  addTemplates(app, sandboxes);
  addNotServed(app);
}

async function create(
  request: FastifyRequest,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): Promise<FastifyReply> {
  const { wall, templates } = sandboxes.options;
  const { longestSessionS: longestLifeS } = sandboxes.admission.tier;
  const order = readOrder(request.body, { networks: wall.report().networks, longestLifeS, templates });
  const sandbox = await sandboxes.create(order);
  request.entry.id = sandbox.id;
  return reply.code(201).headers(sandboxes.admission.rateHeaders()).send(describeAccess(sandbox));
}

function list(request: FastifyRequest, reply: FastifyReply, sandboxes: Sandboxes): FastifyReply {
  const page = listSandboxes(sandboxes.all(), request.query);
  if (page.nextToken !== null) reply.header('x-next-token', page.nextToken);
  if (page.running !== null) reply.header('x-total-running', page.running);
  return reply.send(page.items.map((sandbox) => describe(sandboxes, sandbox)));
}
