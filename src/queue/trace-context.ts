import type { JobsOptions } from 'bullmq';

// BullMQ's own telemetry keeps the context of a job as JSON in an option of it, `{"traceparent": …}` with W3C's propagator
// (bullmq-otel). Ours is there too, so that either side may use that, and the other understands it.

/** The options of a job that carries this header. */
export function carry(traceparent: string | undefined): Pick<JobsOptions, 'telemetry'> {
  return traceparent === undefined ? {} : { telemetry: { metadata: JSON.stringify({ traceparent }) } };
}

/** The header that a job carries. What is there and is none is nobody's fault, and ignored. */
export function carried({ opts }: { opts: JobsOptions }): string | undefined {
  try {
    const context: unknown = JSON.parse(opts.telemetry?.metadata ?? '{}');
    const header: unknown =
      typeof context === 'object' && context !== null && Reflect.get(context, 'traceparent');
    return typeof header === 'string' ? header : undefined;
  } catch {
    return undefined;
  }
}
