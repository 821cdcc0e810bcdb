import { AggregatorRegistry, Pushgateway, type PrometheusContentType } from 'prom-client';

const LONGEST_PUSH_MS = 10_000;

/** The values of several processes as one. */
export interface MergedMetrics {
  /** In the text format of Prometheus, with its content type. */
  text(): Promise<{ type: string; body: string }>;
  /** Puts them at a Pushgateway in place of what was there of that job. */
  push(url: string, job: string): Promise<void>;
}

/** Adds up what `Metrics.json` told of each process; what does not add up is the highest of them (CATALOGUE says which). */
export function mergeMetrics(processes: ReadonlyArray<object>): MergedMetrics {
  const registry = AggregatorRegistry.aggregate<PrometheusContentType>([...processes]);
  return {
    text: async () => ({ type: registry.contentType, body: await registry.metrics() }),
    push: async (url, job) => {
      await new Pushgateway(url, { timeout: LONGEST_PUSH_MS }, registry).push({ jobName: job });
    },
  };
}
