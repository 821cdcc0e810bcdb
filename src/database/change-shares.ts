import type { Database } from './connect.ts';

/** What people may change of a batch while it runs; null takes a cap, budget or deadline away. */
export interface BatchChanges {
  weight?: number;
  maxRunning?: number | null;
  maxCostUsd?: number | null;
  maxSandboxS?: number | null;
  /** When it is to be done: told to people, changes nothing of the order. */
  deadlineAt?: Date | null;
}

/** Changes a batch's share, cap, budget or deadline; the dispatcher follows at its next look. */
export async function changeBatch(database: Database, batchId: string, changes: BatchChanges): Promise<void> {
  const { weight, maxRunning, maxCostUsd, maxSandboxS, deadlineAt } = changes;
  const values = {
    ...(weight === undefined ? {} : { weight }),
    ...(maxRunning === undefined ? {} : { max_running: maxRunning }),
    ...(maxCostUsd === undefined ? {} : { max_cost_usd: maxCostUsd }),
    ...(maxSandboxS === undefined ? {} : { max_sandbox_s: maxSandboxS }),
    ...(deadlineAt === undefined ? {} : { deadline_at: deadlineAt }),
  };
  if (Object.keys(values).length === 0) return;
  await database.updateTable('batches').set(values).where('id', '=', batchId).execute();
}

/** Whether a batch has spent its budget and nothing of it is under way: it ends only if it is given more. */
export async function isBudgetSpent(database: Database, batchId: string): Promise<boolean> {
  const row = await database
    .selectFrom('batches as b')
    .select('b.id')
    .where('b.id', '=', batchId)
    .where((eb) =>
      eb.or([
        eb('b.spent_usd', '>=', eb.ref('b.max_cost_usd')),
        eb('b.spent_sandbox_s', '>=', eb.ref('b.max_sandbox_s')),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('evaluations as e')
            .select('e.id')
            .whereRef('e.batch_id', '=', 'b.id')
            .where('e.state', 'in', ['dispatched', 'running']),
        ),
      ),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** What people may change of a provider while it is used; null goes back to what its settings say. */
export interface ProviderChanges {
  maxSandboxes?: number | null;
  createsPerS?: number | null;
  reserve?: number | null;
}

/** Changes a provider's limits. False: no evaluator has made it known. */
export async function changeProvider(
  database: Database,
  name: string,
  changes: ProviderChanges,
): Promise<boolean> {
  const { maxSandboxes, createsPerS, reserve } = changes;
  const values = {
    ...(maxSandboxes === undefined ? {} : { own_max_sandboxes: maxSandboxes }),
    ...(createsPerS === undefined ? {} : { own_creates_per_s: createsPerS }),
    ...(reserve === undefined ? {} : { own_reserve: reserve }),
  };
  const row = await database
    .updateTable('providers')
    .set({ ...values, name })
    .where('name', '=', name)
    .executeTakeFirst();
  return row.numUpdatedRows === 1n;
}

/** Sets a tenant's weight and cap, for all batches of that tenant. */
export async function changeTenant(
  database: Database,
  name: string,
  changes: { weight?: number; maxRunning?: number | null },
): Promise<void> {
  const { weight, maxRunning } = changes;
  const values = {
    ...(weight === undefined ? {} : { weight }),
    ...(maxRunning === undefined ? {} : { max_running: maxRunning }),
  };
  await database
    .insertInto('tenants')
    .values({ name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ name, ...values }))
    .execute();
}
