import { makeScrub } from '../scrub.ts';
import type { Log } from '../log.ts';
import type { TracingSettings } from '../tracing-settings.ts';
import { openTrace, type EvaluationTrace } from './evaluation-trace.ts';
import type { SpanSender } from './span.ts';
import { traceIdOf, type JustRead, type Traceable } from './trace-ids.ts';

/** The traces of one process. */
export interface Tracing {
  /** That of an evaluation; one is opened wherever something becomes of it. */
  of(evaluation: JustRead): EvaluationTrace;
  /** What an exemplar of a metric says of that: nothing where no traces are sent. */
  exemplarOf(evaluation: Traceable): { trace_id?: string };
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>;
}

/** The process that takes part. */
interface Part {
  /** The id of the deployment. */
  deployment: string;
  kind: string;
  processId: string;
  version: string;
  secrets: readonly string[];
  log: Log;
}

/** Starts to trace if the settings say so; if not, traces have ids and nothing else, and OpenTelemetry is not even loaded. */
export async function startTracing(settings: TracingSettings, part: Part): Promise<Tracing> {
  const { deployment, log } = part;
  if (settings.problem) log.warn({ problem: settings.problem }, 'no traces are sent');
  const sender = settings.protocol && (await startSender(settings.protocol, part));
  return {
    of: (evaluation) => openTrace(deployment, evaluation, sender),
    exemplarOf: (evaluation) => (sender ? { trace_id: traceIdOf(deployment, evaluation) } : {}),
    close: async () => sender?.close(),
  };
}

async function startSender(
  protocol: NonNullable<TracingSettings['protocol']>,
  { deployment, kind, processId, version, secrets, log }: Part,
): Promise<SpanSender> {
  // It takes 75 ms to load, so only those who asked for it do (docs/decisions/traces-from-postgres.md).
  const { sendSpans } = await import('./send-spans.ts');
  const resource = {
    'service.name': `evalpool-${kind}`,
    'service.namespace': 'evalpool',
    'service.version': version,
    'service.instance.id': `${deployment}/${processId}`,
  };
  return sendSpans({ protocol, resource, scrub: makeScrub(secrets), log });
}
