import { Client } from 'pg';
import type { ComposeStack } from './start-stack.ts';
import { until } from './until.ts';

/** What Postgres says of one batch. */
export interface Truth {
  state: string;
  evaluations: number;
  results: number;
  attempts: number;
  outcomes: Record<string, number>;
}

/** Counts a batch from its rows, not from the counters that the batch itself keeps. */
export async function readTruth(stack: ComposeStack, batch: string): Promise<Truth | undefined> {
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    const { rows: batches } = await client.query('select id, state from batches where name = $1', [batch]);
    const found = batches[0];
    if (!found) return undefined;
    const { rows } = await client.query(
      `select (select count(*)::int from evaluations where batch_id = $1) evaluations,
              (select count(*)::int from results where batch_id = $1) results,
              (select count(*)::int from attempts a join evaluations e on e.id = a.evaluation_id
               where e.batch_id = $1) attempts,
              (select jsonb_object_agg(outcome, n) from
                (select outcome, count(*) n from results where batch_id = $1 group by outcome) counted) outcomes`,
      [found.id],
    );
    return { state: found.state, ...rows[0] };
  } finally {
    await client.end();
  }
}

/** What Postgres says of a batch once it is finished. */
export async function truthAtEnd(stack: ComposeStack, batch: string): Promise<Truth | undefined> {
  await until(`${batch} is finished`, async () => (await readTruth(stack, batch))?.state === 'finished');
  return readTruth(stack, batch);
}
