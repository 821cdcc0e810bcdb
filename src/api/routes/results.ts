import { Readable } from 'node:stream';
import { z } from 'zod';
import { readBatch } from '../../database/batches.ts';
import { readArrived } from '../../database/read-results.ts';
import type { TenantBatch } from '../../database/tenant-batches.ts';
import { Bell } from '../../pacing.ts';
import { resultLine } from '../../reports/result-line.ts';
import { callerOfRequest } from '../authenticate.ts';
import { batchOf } from '../batch-view.ts';
import type { Api, ApiContext } from '../open-api.ts';
import { BatchName, Cursor } from '../schemas.ts';

const PAGE = 200;
/** Wake-ups may be lost, so it looks this often anyway, ms. */
const LOOK_EVERY_MS = 1000;

const params = z.object({ batch: BatchName });
const querystring = z.strictObject({
  cursor: Cursor.default('0').describe('The `cursor` of the last line that you have: it goes on after it.'),
  follow: z
    .stringbool()
    .default(false)
    .describe('Stay until the batch is finished, each result as it comes.'),
});

/** Results as they come, one JSON object a line. */
export function addResultRoutes(api: Api, context: ApiContext): void {
  api.get(
    '/v1/batches/:batch/results',
    {
      schema: {
        tags: ['results'],
        summary: 'Results in the order in which they came, one JSON object a line',
        description: 'Content type application/x-ndjson. Each line carries the `cursor` to go on after it.',
        params,
        querystring,
      },
      config: { scope: 'read' },
    },
    async (request, reply) => {
      const { cursor, follow } = request.query;
      const batch = await batchOf(context.database, callerOfRequest(request).tenant, request.params.batch);
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const lines = follow
        ? followResults(context, batch, cursor, gone.signal)
        : resultsNow(context, batch.id, cursor);
      return reply
        .type('application/x-ndjson')
        .send(Readable.from(lines, { objectMode: false, highWaterMark: 64 * 1024 }));
    },
  );
}

async function* resultsNow(
  { database }: ApiContext,
  batchId: string,
  after: string,
): AsyncGenerator<string, string> {
  let last = after;
  for (;;) {
    const page = await readArrived(database, batchId, { after: last, most: PAGE });
    for (const result of page) {
      last = result.seq;
      yield `${JSON.stringify({ cursor: result.seq, ...resultLine(result, {}) })}\n`;
    }
    if (page.length < PAGE) return last;
  }
}

async function* followResults(
  context: ApiContext,
  { id }: TenantBatch,
  after: string,
  gone: AbortSignal,
): AsyncGenerator<string> {
  const bell = new Bell();
  const off = context.wake.on(`batch:${id}`, () => bell.ring());
  gone.addEventListener('abort', () => bell.ring());
  try {
    let last = after;
    for (;;) {
      const finished = await isFinished(context, id);
      last = yield* resultsNow(context, id, last);
      if (finished || gone.aborted) return;
      await bell.wait(LOOK_EVERY_MS);
    }
  } finally {
    off();
  }
}

async function isFinished({ database }: ApiContext, batchId: string): Promise<boolean> {
  const batch = await readBatch(database, batchId);
  // Deleted meanwhile, there is nothing more to come.
  return batch === undefined || batch.state === 'finished';
}
