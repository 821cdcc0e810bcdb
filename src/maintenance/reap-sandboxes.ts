import pLimit from 'p-limit';
import type { Database } from '../database/connect.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ListedSandbox, Sandboxes } from '../sandbox/sandbox.ts';
import { noteForeign } from '../slots/provider-health.ts';
import { condemn, giveBack, readOpenRows, type OpenRow } from '../slots/slots.ts';

/** Destroys at once: one that hangs must not hold up the others. */
const AT_ONCE = 10;

/** What the reaper works with. */
export interface ReapContext {
  database: Database;
  sandboxes: Sandboxes;
  provider: string;
  deployment: string;
  metrics: Metrics;
  log: Log;
}

/**
 * Compares the ledger with the provider's list and settles what nobody owns. Duties:
 * 1. Rows of ended processes, and rows condemned since the last look, get their destroy.
 * 2. A create whose reply was lost is looked for by its nonce; what is found is destroyed, never adopted.
 * 3. A row past the provider's own end is gone, whatever was heard.
 * 4. Listed sandboxes of this deployment that the ledger does not hold are destroyed.
 * 5. Those of others in the same account are counted: they take of our slots.
 * `condemnedBefore`: rows seen condemned at the last look; an owner may still be destroying newer ones.
 */
export async function reapSandboxes(
  context: ReapContext,
  condemnedBefore: ReadonlySet<string>,
  listAll: boolean,
): Promise<Set<string>> {
  const rows = await readOpenRows(context.database, context.provider);
  const due = rows.filter((row) => row.over || row.orphan || condemnedBefore.has(row.ledgerId));
  const needsList = listAll || due.some((row) => row.sandboxId === null && !row.over);
  const listed = needsList ? await tryList(context, listAll) : undefined;
  await sideBySide(due, (row) => settle(context, row, listed ?? []));
  if (listAll && listed) await destroyUnknown(context, rows, listed);
  return new Set(rows.filter((row) => row.state === 'condemned').map((row) => row.ledgerId));
}

// Undefined: the provider does not say. Rows whose sandbox is known can be settled all the same.
async function tryList(context: ReapContext, whole: boolean): Promise<ListedSandbox[] | undefined> {
  try {
    return await listOwn(context, whole);
  } catch (error) {
    const { log, provider, metrics } = context;
    metrics.sandboxesLeaked.remove({ provider }); // nobody knows
    log.error({ err: error, provider }, 'the sandboxes could not be listed; it is tried again');
    return undefined;
  }
}

async function listOwn(context: ReapContext, whole: boolean): Promise<ListedSandbox[]> {
  const { sandboxes, deployment, database, provider } = context;
  if (!whole) return sandboxes.list({ deployment });
  const all = await sandboxes.list({});
  const own = all.filter(({ metadata }) => metadata['deployment'] === deployment);
  const foreign = all.filter((sandbox) => !sandbox.paused && !own.includes(sandbox));
  await noteForeign(database, provider, foreign.length);
  return own;
}

async function settle(context: ReapContext, row: OpenRow, listed: readonly ListedSandbox[]): Promise<void> {
  const id = row.sandboxId ?? listed.find((sandbox) => sandbox.metadata['nonce'] === row.nonce)?.id;
  if (!id && !row.over) return;
  await condemn(context.database, row.ledgerId);
  const gone = id ? await tryDestroy(context, id) : true;
  if (gone || row.over) await giveBack(context.database, row.ledgerId);
}

async function destroyUnknown(
  context: ReapContext,
  rows: readonly OpenRow[],
  listed: readonly ListedSandbox[],
): Promise<void> {
  const known = new Set((await readOpenRows(context.database, context.provider)).map((row) => row.nonce));
  for (const row of rows) known.add(row.nonce);
  const unknown = listed.filter(({ metadata }) => !known.has(metadata['nonce'] ?? ''));
  context.metrics.sandboxesLeaked.set({ provider: context.provider }, unknown.length);
  await sideBySide(unknown, ({ id }) => tryDestroy(context, id));
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const done = await Promise.allSettled(items.map((item) => limit(() => work(item))));
  const failed = done.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

async function tryDestroy({ sandboxes, metrics, provider, log }: ReapContext, id: string): Promise<boolean> {
  try {
    await sandboxes.destroy(id);
    metrics.sandboxesReaped.inc({ provider });
    log.info({ provider, sandbox: id }, 'destroyed a sandbox that nobody owned');
    return true;
  } catch (error) {
    log.warn({ err: error, provider, sandbox: id }, 'a sandbox could not be destroyed; it is tried again');
    return false;
  }
}
