import type { z } from 'zod';
import type { BatchChanges } from '../database/change-shares.ts';
import type { Database } from '../database/connect.ts';
import { readTenantBatches, type TenantBatch } from '../database/tenant-batches.ts';
import { EvalpoolError } from '../errors.ts';
import type { BatchShares, BatchView } from './schemas.ts';

/** A tenant's batch of that name. Throws NOT_FOUND, also for one of another tenant. */
export async function batchOf(database: Database, tenant: string, name: string): Promise<TenantBatch> {
  const [batch] = await readTenantBatches(database, tenant, { name, most: 1 });
  if (batch) return batch;
  throw new EvalpoolError('NOT_FOUND', `there is no batch '${name}'`);
}

/** A batch as the API shows it. */
export function viewBatch(batch: TenantBatch): z.output<typeof BatchView> {
  const { passed, failed, timedOut, invalid, infraError, cancelledCount } = batch;
  return {
    name: batch.name,
    provider: batch.provider,
    state: batch.state,
    paused: batch.paused,
    cancelled: batch.cancelled,
    createdAt: batch.createdAt.toISOString(),
    finishedAt: batch.finishedAt?.toISOString() ?? null,
    deadline: batch.deadlineAt?.toISOString() ?? null,
    total: batch.total,
    unreadable: batch.unreadable,
    running: batch.running,
    outcomes: {
      passed,
      failed,
      timed_out: timedOut,
      invalid,
      infra_error: infraError,
      cancelled: cancelledCount,
    },
    weight: batch.weight,
    maxRunning: batch.maxRunning,
    maxCostUsd: batch.maxCostUsd,
    costUsd: batch.spentUsd,
    maxSandboxSeconds: batch.maxSandboxS,
    sandboxSeconds: batch.spentSandboxS,
  };
}

/** What a request changes, as the database takes it. */
export function changesOf(shares: z.output<typeof BatchShares>): BatchChanges {
  const { weight, maxRunning, maxCostUsd, maxSandboxSeconds, deadline } = shares;
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(maxRunning === undefined ? {} : { maxRunning }),
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    ...(maxSandboxSeconds === undefined ? {} : { maxSandboxS: maxSandboxSeconds }),
    ...(deadline === undefined ? {} : { deadlineAt: deadline === null ? null : new Date(deadline) }),
  };
}
