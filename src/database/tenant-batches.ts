import { sql } from 'kysely';
import type { Database } from './connect.ts';
import type { BatchState } from './tables.ts';

/** A batch as its tenant sees it. */
export interface TenantBatch {
  id: string;
  name: string;
  provider: string;
  state: BatchState;
  paused: boolean;
  cancelled: boolean;
  createdAt: Date;
  finishedAt: Date | null;
  deadlineAt: Date | null;
  total: number;
  unreadable: number;
  running: number;
  weight: number;
  maxRunning: number | null;
  maxCostUsd: number | null;
  spentUsd: number;
  maxSandboxS: number | null;
  spentSandboxS: number;
  passed: number;
  failed: number;
  timedOut: number;
  invalid: number;
  infraError: number;
  cancelledCount: number;
}

/** A page of a tenant's batches, the newest first; `before`: those older than the batch of that id. */
export async function readTenantBatches(
  database: Database,
  tenant: string,
  { name, before, most }: { name?: string; before?: string | undefined; most: number },
): Promise<TenantBatch[]> {
  const older = before === undefined ? sql`true` : sql`b.id < ${before}::bigint`;
  const named = name === undefined ? sql`true` : sql`b.name = ${name}`;
  const { rows } = await sql<TenantBatch>`
    select b.id::text, b.name, b.provider, b.state, b.paused, b.cancelled_at is not null as cancelled,
      b.created_at as "createdAt", b.finished_at as "finishedAt", b.deadline_at as "deadlineAt", b.total, b.unreadable,
      (select count(*)::int from evaluations e where e.batch_id = b.id and e.state = 'running') as running,
      b.weight, b.max_running as "maxRunning", b.max_cost_usd as "maxCostUsd", b.spent_usd as "spentUsd",
      b.max_sandbox_s as "maxSandboxS", b.spent_sandbox_s as "spentSandboxS",
      b.passed, b.failed, b.timed_out as "timedOut", b.invalid, b.infra_error as "infraError", b.cancelled as "cancelledCount"
    from batches b where b.tenant = ${tenant} and ${older} and ${named} order by b.id desc limit ${most}`.execute(
    database,
  );
  return rows;
}
