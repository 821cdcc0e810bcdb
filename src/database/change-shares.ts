import type { Database } from './connect.ts';

/** What people may change of a batch while it runs; null takes a cap or budget away. */
export interface BatchChanges {
  weight?: number;
  maxRunning?: number | null;
  maxCostUsd?: number | null;
  maxSandboxS?: number | null;
}

/** Changes a batch's share, cap or budget; the dispatcher follows at its next look. */
export async function changeBatch(database: Database, batchId: string, changes: BatchChanges): Promise<void> {
  const { weight, maxRunning, maxCostUsd, maxSandboxS } = changes;
  const values = {
    ...(weight === undefined ? {} : { weight }),
    ...(maxRunning === undefined ? {} : { max_running: maxRunning }),
    ...(maxCostUsd === undefined ? {} : { max_cost_usd: maxCostUsd }),
    ...(maxSandboxS === undefined ? {} : { max_sandbox_s: maxSandboxS }),
  };
  if (Object.keys(values).length === 0) return;
  await database.updateTable('batches').set(values).where('id', '=', batchId).execute();
}

/** What people may change of a provider while it is used; null goes back to what its tier says. */
export interface ProviderChanges {
  maxSandboxes?: number | null;
  createsPerS?: number | null;
  reserve?: number;
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
    ...(reserve === undefined ? {} : { reserve }),
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
