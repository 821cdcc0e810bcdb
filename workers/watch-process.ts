import type { DatabaseWatch } from '../src/database/connect.ts';
import type { Metrics } from '../src/metrics/metrics.ts';
import type { Wake } from '../src/queue/wake.ts';
import { VERSION } from '../src/version.ts';

/** Measures every query of this process and, at each scrape, its connections. */
export function watchDatabase(metrics: Metrics): DatabaseWatch {
  return {
    onQuery: (seconds, outcome) => metrics.databaseSeconds.observe({ outcome }, seconds),
    onPool: (count) =>
      metrics.beforeScrape(() => {
        for (const [state, number] of Object.entries(count()))
          metrics.databaseConnections.set({ state }, number);
      }),
  };
}

/** Says what runs here and, at each scrape, how fast Redis answers. */
export function watchProcess(metrics: Metrics, kind: string, wake: Wake): void {
  metrics.buildInfo.set({ version: VERSION, node: process.versions.node, process: kind }, 1);
  metrics.beforeScrape(async () => {
    const seconds = await wake.ping();
    if (seconds === undefined) metrics.redisSeconds.remove();
    else metrics.redisSeconds.set(seconds);
  });
}
