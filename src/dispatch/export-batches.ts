import type { BatchFigures } from '../database/read-figures.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { OUTCOMES } from '../outcome.ts';
import { makePace } from '../pacing.ts';

/** How many batches are exported: a place each, so that the number of series stays the same whatever their names. */
export const PLACES = 5;
const PACE_OVER_MS = 10 * 60_000;

interface Placed {
  place: string;
  pace: (atMs: number, ended: number) => number | null;
}

/** Which batch has which place: it keeps it as long as it is among the newest. */
export class BatchPlaces {
  readonly #placed = new Map<string, Placed>();

  /** Gives the batches of now their places; whoever is no longer among them loses his. */
  assign(ids: readonly string[]): ReadonlyMap<string, Placed> {
    for (const id of this.#placed.keys()) if (!ids.includes(id)) this.#placed.delete(id);
    const taken = new Set([...this.#placed.values()].map(({ place }) => place));
    const free = Array.from({ length: PLACES }, (_, at) => String(at + 1)).filter(
      (place) => !taken.has(place),
    );
    for (const id of ids) {
      if (this.#placed.has(id)) continue;
      const place = free.shift();
      if (place !== undefined) this.#placed.set(id, { place, pace: makePace(PACE_OVER_MS) });
    }
    return this.#placed;
  }
}

/** Sets what is told of each of the newest batches. */
export function exportBatches(
  metrics: Metrics,
  places: BatchPlaces,
  batches: readonly BatchFigures[],
  nowMs = performance.now(),
): void {
  const placed = places.assign(batches.map(({ id }) => id));
  for (const gauge of [
    metrics.batchInfo,
    metrics.batchTotal,
    metrics.batchEnded,
    metrics.batchEta,
    metrics.batchStarted,
    metrics.batchDeadline,
    metrics.batchCost,
    metrics.batchSandboxSeconds,
    metrics.batchBudget,
  ])
    gauge.reset();
  for (const batch of batches) {
    const at = placed.get(batch.id);
    if (at) exportBatch(metrics, batch, { ...at, nowMs });
  }
}

function exportBatch(
  metrics: Metrics,
  batch: BatchFigures,
  { place, pace, nowMs }: Placed & { nowMs: number },
): void {
  const { name, tenant, provider, state, deadlineAt } = batch;
  metrics.batchInfo.set({ place, batch: name, tenant, provider, state }, 1);
  metrics.batchTotal.set({ place }, batch.total + batch.unreadable);
  for (const outcome of OUTCOMES) {
    const unreadable = outcome === 'invalid' ? batch.unreadable : 0;
    metrics.batchEnded.set({ place, outcome }, batch[outcome] + unreadable);
  }
  const eta = etaOf(batch, (ended) => pace(nowMs, ended));
  if (eta !== null) metrics.batchEta.set({ place }, eta);
  metrics.batchStarted.set({ place }, batch.createdAt);
  if (deadlineAt !== null) metrics.batchDeadline.set({ place }, deadlineAt);
  metrics.batchCost.set({ place }, batch.spentUsd);
  metrics.batchSandboxSeconds.set({ place }, batch.spentSandboxS);
  const used = budgetUsed(batch);
  if (used !== null) metrics.batchBudget.set({ place }, used);
}

function etaOf(batch: BatchFigures, pace: (ended: number) => number | null): number | null {
  const ended = OUTCOMES.reduce((sum, outcome) => sum + batch[outcome], 0);
  const perS = pace(ended);
  if (batch.state === 'finished' || batch.total === ended) return 0;
  return perS === null || batch.state === 'cancelled' ? null : (batch.total - ended) / perS;
}

function budgetUsed({ spentUsd, maxCostUsd, spentSandboxS, maxSandboxS }: BatchFigures): number | null {
  const used = [
    maxCostUsd === null ? 0 : spentUsd / maxCostUsd,
    maxSandboxS === null ? 0 : spentSandboxS / maxSandboxS,
  ];
  return maxCostUsd === null && maxSandboxS === null ? null : Math.max(...used);
}
