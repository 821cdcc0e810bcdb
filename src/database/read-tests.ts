import { sql } from 'kysely';
import type { TestStatus } from '../result.ts';
import type { Database } from './connect.ts';

/** How often a test of a task came out so. */
export interface TestCount {
  task: string;
  test: string;
  status: TestStatus;
  count: number;
}

/** Which tests are wanted. `name`: a glob of * and ?, both of which match any character. */
export interface TestFilter {
  status?: TestStatus | undefined;
  name?: string | undefined;
  /** At most this many. */
  limit: number;
}

/** Those that are wanted, the most frequent first, and how many there are. */
export interface FoundTests {
  tests: TestCount[];
  /** Tests of tasks by status, those beyond the limit too. */
  found: number;
  /** Results of tests that they stand for. */
  results: number;
}

/** What the reports of a batch say of each test. */
export async function readTests(
  database: Database,
  batchId: string,
  { status, name, limit }: TestFilter,
): Promise<FoundTests> {
  const ofStatus = status === undefined ? sql`true` : sql`t.status = ${status}`;
  const ofName = name === undefined ? sql`true` : sql`t.name like ${likeOf(name)}`;
  const { rows } = await sql<TestCount & { found: number; results: number }>`
    select e.task_id as task, t.name as test, t.status, count(*)::int as count,
      (count(*) over ())::int as found, (sum(count(*)) over ())::int as results
    from results r join evaluations e on e.id = r.evaluation_id,
      jsonb_to_recordset(r.result -> 'tests') as t(name text, status text)
    where r.batch_id = ${batchId} and ${ofStatus} and ${ofName}
    group by e.task_id, t.name, t.status order by count(*) desc, e.task_id, t.name, t.status limit ${limit}`.execute(
    database,
  );
  const [first] = rows;
  const tests = rows.map(({ task, test, status: said, count }) => ({ task, test, status: said, count }));
  return { tests, found: first?.found ?? 0, results: first?.results ?? 0 };
}

function likeOf(glob: string): string {
  return glob
    .replaceAll(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}
