import { z } from 'zod';
import { noteChange } from '../../database/audit.ts';
import { finishBatches, makeBatch, pauseBatch, sealBatch } from '../../database/batches.ts';
import { cancelBatch } from '../../database/cancel-batch.ts';
import { changeBatch } from '../../database/change-shares.ts';
import { readTenantBatches, type TenantBatch } from '../../database/tenant-batches.ts';
import { EvalpoolError } from '../../errors.ts';
import { knownProvider } from '../../intake/known-provider.ts';
import { callerOfRequest } from '../authenticate.ts';
import { batchOf, changesOf, viewBatch } from '../batch-view.ts';
import type { Api, ApiContext } from '../open-api.ts';
import { BatchName, BatchShares, BatchView, Cursor, NewBatch, ProblemView } from '../schemas.ts';

const params = z.object({ batch: BatchName });
const tags = ['batches'];
const answer = { 200: BatchView, '4xx': ProblemView };

/** Batches: make, list, look at, change, seal, pause, resume, cancel. */
export function addBatchRoutes(api: Api, context: ApiContext): void {
  addListing(api, context);
  addOne(api, context);
  addMaking(api, context);
  addChanging(api, context);
  addSteering(api, context);
}

function addListing(api: Api, { database }: ApiContext): void {
  const querystring = z.strictObject({
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: Cursor.optional(),
  });
  const page = z.object({ batches: z.array(BatchView), next: z.string().nullable() });
  api.get(
    '/v1/batches',
    {
      schema: { tags, summary: 'List batches, the newest first', querystring, response: { 200: page } },
      config: { scope: 'read' },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { tenant } = callerOfRequest(request);
      const found = await readTenantBatches(database, tenant, { before: cursor, most: limit });
      const next = found.length === limit ? (found.at(-1)?.id ?? null) : null;
      return { batches: found.map(viewBatch), next };
    },
  );
}

function addOne(api: Api, { database }: ApiContext): void {
  api.get(
    '/v1/batches/:batch',
    {
      schema: { tags, summary: 'One batch with its counts', params, response: answer },
      config: { scope: 'read' },
    },
    async (request) =>
      viewBatch(await batchOf(database, callerOfRequest(request).tenant, request.params.batch)),
  );
}

function addMaking(api: Api, context: ApiContext): void {
  const { database } = context;
  api.post(
    '/v1/batches',
    {
      schema: {
        tags,
        summary: 'Make a batch to send specs to; told again, it is the same one',
        body: NewBatch,
        response: { 201: BatchView, '4xx': ProblemView },
      },
      config: { scope: 'submit' },
    },
    async (request, reply) => {
      const { name, provider, ...shares } = request.body;
      const caller = callerOfRequest(request);
      const { id } = await makeBatch(
        database,
        name,
        await knownProvider(database, provider ?? context.provider),
        caller.tenant,
      );
      await database.transaction().execute(async (transaction) => {
        await changeBatch(transaction, id, changesOf(shares));
        await noteChange(transaction, caller, {
          action: 'batch.create',
          target: name,
          details: shares,
        });
      });
      return reply.code(201).send(viewBatch(await batchOf(database, caller.tenant, name)));
    },
  );
}

function addChanging(api: Api, context: ApiContext): void {
  const { database } = context;
  api.patch(
    '/v1/batches/:batch',
    {
      schema: {
        tags,
        summary: 'Change its share, cap, budget or deadline',
        params,
        body: BatchShares,
        response: answer,
      },
      config: { scope: 'submit' },
    },
    async (request) => {
      const caller = callerOfRequest(request);
      const { id, name } = await batchOf(database, caller.tenant, request.params.batch);
      await database.transaction().execute(async (transaction) => {
        await changeBatch(transaction, id, changesOf(request.body));
        await noteChange(transaction, caller, {
          action: 'batch.change',
          target: name,
          details: request.body,
        });
      });
      context.wake.send('dispatch');
      return viewBatch(await batchOf(database, caller.tenant, name));
    },
  );
}

type Step = (context: ApiContext, batch: TenantBatch) => Promise<void>;

const STEPS: ReadonlyArray<[verb: string, summary: string, step: Step]> = [
  [
    'seal',
    'Nothing more is coming: it finishes once all of it has ended',
    ({ database }, { id }) => sealBatch(database, id),
  ],
  [
    'pause',
    'Dispatch nothing more of it; what runs, runs on',
    ({ database }, { id }) => pauseBatch(database, id, true),
  ],
  ['resume', 'Go on with it', ({ database }, { id }) => pauseBatch(database, id, false)],
  ['cancel', 'What waits never runs, what runs is stopped', cancel],
];

function addSteering(api: Api, context: ApiContext): void {
  const { database } = context;
  for (const [verb, summary, step] of STEPS) {
    api.post(
      `/v1/batches/:batch/${verb}`,
      { schema: { tags, summary, params, response: answer }, config: { scope: 'submit' } },
      async (request) => {
        const caller = callerOfRequest(request);
        const batch = await batchOf(database, caller.tenant, request.params.batch);
        await step(context, batch);
        await noteChange(database, caller, { action: `batch.${verb}`, target: batch.name });
        context.wake.send('dispatch');
        return viewBatch(await batchOf(database, caller.tenant, batch.name));
      },
    );
  }
}

async function cancel({ database, wake }: ApiContext, { id, name }: TenantBatch): Promise<void> {
  if (!(await cancelBatch(database, id)))
    throw new EvalpoolError('CONFLICT', `${name} has finished or was cancelled before`);
  wake.send('cancel');
  await finishBatches(database);
  wake.send(`batch:${id}`);
}
