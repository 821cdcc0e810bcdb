import type { BatchStatus } from '../database/read-status.ts';
import { OTHER } from '../metrics/bounded-label.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { waitingOf } from './export-provider.ts';

/** Tenants with the most under way or waiting, each by its name; the rest together. */
const MOST = 20;

interface Tenant {
  name: string;
  waiting: number;
  underWay: number;
  weight: number;
}

/** Sets what each tenant has waiting and under way, and how far that is from its share. */
export function exportTenants(metrics: Metrics, batches: readonly BatchStatus[]): void {
  const tenants = addUp(batches);
  const all = tenants.reduce((sum, { underWay }) => sum + underWay, 0);
  const weights = tenants.reduce((sum, { weight }) => sum + weight, 0);
  for (const gauge of [metrics.tenantWaiting, metrics.tenantUnderWay, metrics.tenantDeficit]) gauge.reset();
  for (const [at, { name, waiting, underWay, weight }] of tenants.entries()) {
    const tenant = { tenant: at < MOST ? name : OTHER };
    metrics.tenantWaiting.inc(tenant, waiting);
    metrics.tenantUnderWay.inc(tenant, underWay);
    metrics.tenantDeficit.inc(tenant, waiting > 0 ? (all * weight) / weights - underWay : 0);
  }
}

function addUp(batches: readonly BatchStatus[]): Tenant[] {
  const tenants = new Map<string, Tenant>();
  for (const batch of batches) {
    if (batch.cancelled) continue;
    const name = batch.tenant;
    const tenant = tenants.get(name) ?? { name, waiting: 0, underWay: 0, weight: batch.tenantWeight };
    tenant.waiting += batch.paused ? 0 : waitingOf(batch);
    tenant.underWay += batch.load;
    tenants.set(name, tenant);
  }
  return [...tenants.values()].toSorted((a, b) => b.waiting + b.underWay - a.waiting - a.underWay);
}
