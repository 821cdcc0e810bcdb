import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readLife } from './create-order.ts';
import { describeAccess } from './describe.ts';
import { enterForks, type ForkEntry } from './enter-request.ts';
import { MAX_PAGE, pageOf } from './page.ts';
import { asRefusal, Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';
import { forkSandbox, takeSnapshot } from '../templates/take-snapshot.ts';
import { parseTemplateName } from '../templates/template-name.ts';
import type { Template } from '../templates/templates.ts';

/** What E2B's API gives a fork that is asked for without a time, ms. */
const FORKED_MS = 15_000;
const MOST_FORKS = 100;

const NewSnapshot = z.object({ name: z.string().nullish() });
const NewForks = z.object({ count: z.int().nullish() });
const SnapshotQuery = z.object({
  sandboxID: z.string().optional(),
  name: z.string().optional(),
  limit: z.coerce.number().int().positive().default(MAX_PAGE),
  nextToken: z.string().optional(),
});

type ById = { Params: { id: string } };

/** The part of E2B's API that makes and lists snapshots, and forks sandboxes; templates.ts removes snapshots. */
export function addSnapshots(app: FastifyInstance, sandboxes: Sandboxes): void {
  app.post<ById>('/sandboxes/:id/snapshots', async ({ params, body }, reply) => {
    const { name } = parseAs(NewSnapshot, body ?? {});
    const snapshot = await takeSnapshot(sandboxes, sandboxes.get(params.id), name ?? undefined);
    return reply.code(201).send(describeSnapshot(snapshot));
  });
  app.get('/snapshots', ({ query }, reply) => list(sandboxes, query, reply));
  app.post<ById>('/sandboxes/:id/fork', (request, reply) => forkAsAsked(request, reply, sandboxes));
}

function list({ options }: Sandboxes, rawQuery: unknown, reply: FastifyReply): object[] {
  const { sandboxID, name, limit, nextToken } = parseAs(SnapshotQuery, rawQuery);
  const wanted = name === undefined ? null : parseTemplateName(name);
  const matching = options.templates
    .all()
    .filter(
      (each) =>
        each.kind === 'snapshot' &&
        (sandboxID === undefined || each.sandboxId === sandboxID) &&
        (wanted === null || wanted.name === each.name || wanted.name === each.id) &&
        (wanted === null || wanted.tag === null || wanted.tag === each.tag),
    );
  const page = pageOf(matching, placeOf, { order: 'desc', limit, nextToken });
  if (page.nextToken !== null) void reply.header('x-next-token', page.nextToken);
  return page.items.map(describeSnapshot);
}

function placeOf({ createdAt, id }: Template): string {
  return `${createdAt}__${id}`;
}

function describeSnapshot({ id, name, tag }: Template): object {
  return { snapshotID: `${name ?? id}:${tag}`, names: name === null ? [] : [name] };
}

async function forkAsAsked(
  request: FastifyRequest<ById>,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): Promise<FastifyReply> {
  const { params, body } = request;
  const { maxSandboxes, longestSessionS } = sandboxes.admission.tier;
  const lifeMs = readLife(body, longestSessionS) ?? FORKED_MS;
  const count = readCount(body, maxSandboxes);
  const sandbox = sandboxes.get(params.id);
  const entries = enterForks(sandboxes.ledger, reply, count);
  const forks = await forkSandbox(sandboxes, sandbox, { count, lifeMs });
  forks.forEach((each, at) => Object.assign(entries[at] ?? {}, entryOf(each)));
  return reply.code(201).send(forks.map(describeFork));
}

// The one that is forked keeps its place, so that as many could never be.
function readCount(body: unknown, maxSandboxes: number | null): number {
  const count = parseAs(NewForks, body ?? {}).count ?? 1;
  if (count < 1) throw new Refusal(400, 'Count must be at least 1');
  if (count > MOST_FORKS) throw new Refusal(400, `Count cannot be greater than ${MOST_FORKS}`);
  if (maxSandboxes === null || count < maxSandboxes) return count;
  throw new Refusal(
    400,
    `Count must be lower than the maximum number of concurrent sandboxes (${maxSandboxes})`,
  );
}

function describeFork(fork: PromiseSettledResult<LiveSandbox>): object {
  if (fork.status === 'fulfilled') return { sandbox: describeAccess(fork.value) };
  const { status, message } = asRefusal(fork.reason);
  return { error: { code: status, message } };
}

function entryOf(fork: PromiseSettledResult<LiveSandbox>): ForkEntry {
  if (fork.status === 'fulfilled') return { id: fork.value.id, status: 201, tellsWhen: false };
  const { status, headers } = asRefusal(fork.reason);
  return { id: null, status, tellsWhen: 'retry-after' in headers };
}
