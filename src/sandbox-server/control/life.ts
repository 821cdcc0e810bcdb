import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readLife } from './create-order.ts';
import { describeAccess } from './describe.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';

/** What E2B's API gives a sandbox that is connected, resumed or refreshed without a time, ms; a refresh no less. */
const [CONNECTED_MS, RESUMED_MS, REFRESHED_MS] = [300_000, 15_000, 15_000];

const Memory = z.object({ memory: z.boolean().nullish() });

type ById = { Params: { id: string } };

/** The part of E2B's API that says how long a sandbox runs: time-outs, pause and resume. */
export function addLife(app: FastifyInstance, sandboxes: Sandboxes): void {
  const askedLifeMs = (body: unknown): number | undefined =>
    readLife(body, sandboxes.admission.tier.longestSessionS);
  app.post<ById>('/sandboxes/:id/timeout', ({ params, body }, reply) => {
    const lifeMs = askedLifeMs(body);
    if (lifeMs === undefined) throw new Refusal(400, 'timeout: expected seconds');
    sandboxes.setLife(sandboxes.getRunning(params.id), lifeMs);
    return reply.code(204).send();
  });
  app.post<ById>('/sandboxes/:id/refreshes', ({ params, body }, reply) => {
    extend(sandboxes, sandboxes.getRunning(params.id), Math.max(askedLifeMs(body) ?? 0, REFRESHED_MS));
    return reply.code(204).send();
  });
  app.post<ById>('/sandboxes/:id/pause', async ({ params, body }, reply) => {
    await sandboxes.pauses.pause(sandboxes.get(params.id), keepsMemory(body));
    return reply.code(204).send();
  });
  app.post<ById>('/sandboxes/:id/resume', async ({ params, body }, reply) => {
    const sandbox = sandboxes.get(params.id);
    const lifeMs = askedLifeMs(body) ?? RESUMED_MS;
    if (lifeMs === 0) throw new Refusal(400, 'Timeout must be greater than 0');
    const how = { lifeMs, keepMemory: keepsMemory(body) };
    if (!(await sandboxes.pauses.resume(sandbox, how)))
      throw new Refusal(409, `Sandbox ${params.id} is already running`);
    return reply.code(201).send(describeAccess(sandbox));
  });
  for (const version of ['', '/v2'])
    app.post<ById>(`${version}/sandboxes/:id/connect`, (request, reply) =>
      connect(request, reply, { sandboxes, lifeMs: askedLifeMs(request.body) ?? CONNECTED_MS }),
    );
}

async function connect(
  { params, body }: FastifyRequest<ById>,
  reply: FastifyReply,
  { sandboxes, lifeMs }: { sandboxes: Sandboxes; lifeMs: number },
): Promise<FastifyReply> {
  const sandbox = sandboxes.get(params.id);
  const resumed = await sandboxes.pauses.resume(sandbox, { lifeMs, keepMemory: keepsMemory(body) });
  if (!resumed) extend(sandboxes, sandbox, lifeMs);
  return reply.code(resumed ? 201 : 200).send(describeAccess(sandbox));
}

function keepsMemory(body: unknown): boolean {
  return parseAs(Memory, body ?? {}).memory ?? true;
}

// Never shortens: so does E2B for one that runs.
function extend(sandboxes: Sandboxes, sandbox: LiveSandbox, lifeMs: number): void {
  if (Date.now() + lifeMs > sandbox.endsAt.getTime()) sandboxes.setLife(sandbox, lifeMs);
}
