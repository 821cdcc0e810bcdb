import { Readable } from 'node:stream';
import { z } from 'zod';
import { makeBatch, openBatch, sealBatch } from '../../database/batches.ts';
import { noteChange } from '../../database/audit.ts';
import { readTenantBatches } from '../../database/tenant-batches.ts';
import { EvalpoolError } from '../../errors.ts';
import { acceptFrom, type Acceptance } from '../../intake/accept.ts';
import { knownProvider } from '../../intake/known-provider.ts';
import { readSpecs, type Item } from '../../intake/read-specs.ts';
import { withinSession } from '../../intake/session-limit.ts';
import { readProvider } from '../../slots/tiers.ts';
import { callerOfRequest, type Caller } from '../authenticate.ts';
import { batchOf, viewBatch } from '../batch-view.ts';
import type { Api, ApiContext } from '../open-api.ts';
import { Accepted, BatchName, ProblemView } from '../schemas.ts';

const MOST_PROBLEMS = 100;

/** Specs by NDJSON, of any length: read as they come, written in chunks, so that a slow database slows the sender. */
export function addSubmitRoutes(api: Api, context: ApiContext): void {
  const querystring = z.strictObject({
    provider: z.string().min(1).max(200).optional().describe('Of a batch that does not exist yet.'),
    seal: z.stringbool().default(true).describe('Whether this was all of the batch.'),
  });
  const params = z.object({ batch: BatchName });
  api.post(
    '/v1/batches/:batch/specs',
    {
      schema: {
        tags: ['batches'],
        summary: 'Send specs, one JSON object a line; sent again, nothing is added twice',
        description: 'Content type application/x-ndjson. Good lines are accepted whatever the others are.',
        params,
        querystring,
        response: { 200: Accepted, '4xx': ProblemView },
      },
      config: { scope: 'submit' },
    },
    async (request) => {
      const caller = callerOfRequest(request);
      const order = { ...request.query, caller, name: request.params.batch };
      return submit(context, order, streamOf(request.body));
    },
  );
}

interface Order {
  caller: Caller;
  name: string;
  provider?: string | undefined;
  seal: boolean;
}

async function submit(
  context: ApiContext,
  { caller, name, provider: named, seal }: Order,
  stream: AsyncIterable<Buffer>,
): Promise<z.output<typeof Accepted>> {
  const { database, wake, over } = context;
  const { tenant } = caller;
  const provider = await providerOfBatch(context, { tenant, name }, named);
  // Made whatever the lines are: they are counted in it, and it can be looked at.
  await makeBatch(database, name, provider, tenant);
  const told = await acceptFrom(
    await specsOf(context, provider, stream),
    async () => ({ database, batchId: (await openBatch(database, name, provider, tenant)).id, over }),
    () => wake.send('dispatch'),
  );
  const { id } = await batchOf(database, tenant, name);
  if (seal) await sealBatch(database, id);
  wake.send('dispatch');
  const { accepted, known, unreadable: invalid } = told;
  const details = { accepted, known, invalid };
  await noteChange(database, caller, { action: 'batch.submit', target: name, details });
  return { batch: viewBatch(await batchOf(database, tenant, name)), ...countsOf(told) };
}

function countsOf({
  accepted,
  known,
  unreadable,
  problems,
}: Acceptance): Omit<z.output<typeof Accepted>, 'batch'> {
  const told = problems
    .slice(0, MOST_PROBLEMS)
    .map(({ source, problems: errors }) => ({ line: source, errors }));
  return { accepted, known, invalid: unreadable, problems: told };
}

async function specsOf(
  { database }: ApiContext,
  provider: string,
  stream: AsyncIterable<Buffer>,
): Promise<AsyncIterable<Item>> {
  const specs = readSpecs([{ name: 'line', folder: '/', open: () => stream }], 'remote');
  const limits = await readProvider(database, provider);
  return limits ? withinSession(specs, { ...limits, provider }) : specs;
}

// A batch keeps the provider that it began with.
async function providerOfBatch(
  context: ApiContext,
  { tenant, name }: { tenant: string; name: string },
  named: string | undefined,
): Promise<string> {
  const [before] = await readTenantBatches(context.database, tenant, { name, most: 1 });
  if (before && (named ?? before.provider) === before.provider) return before.provider;
  return knownProvider(context.database, named ?? context.provider);
}

function streamOf(body: unknown): AsyncIterable<Buffer> {
  if (body instanceof Readable) return body;
  throw new EvalpoolError('USAGE', 'expected a body of type application/x-ndjson: one JSON object a line');
}
