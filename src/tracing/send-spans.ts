import { setTimeout as delay } from 'node:timers/promises';
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type HrTime,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Log } from '../log.ts';
import type { TracingSettings } from '../tracing-settings.ts';
import type { Span, SpanSender } from './span.ts';
import type { SpanName } from './trace-ids.ts';

// 1. Owns OpenTelemetry's SDK: its sampler, its bounded queue and its OTLP exporter, set by the standard variables.
// 2. Gives spans the ids that they have by what they stand for.
// 3. Says now and then, in the log, that spans could not be sent; nothing else ever notices.

/** At an end of a process, what is left is sent for so long, ms. */
const LAST_WORDS_MS = 2000;
/** A collector that stays away is spoken of so often, ms. */
const TELL_EVERY_MS = 60_000;

/** How spans are sent, and as whose. */
export interface SendOptions {
  protocol: NonNullable<TracingSettings['protocol']>;
  /** Attributes of the process; the standard variables go before them. */
  resource: Readonly<Record<string, string | number>>;
  /** Takes secrets out of whatever is sent. */
  scrub: (text: string) => string;
  log: Log;
}

/** Starts the SDK. */
export function sendSpans({ protocol, resource, scrub, log }: SendOptions): SpanSender {
  const tell = troubleTeller(log);
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const ids = { traceId: '', spanId: '' };
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(resource))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('evalpool');
  return {
    wants: (traceId) => {
      Object.assign(ids, { traceId, spanId: '1'.repeat(16) });
      return tracer.startSpan('evaluation', { root: true }).isRecording();
    },
    send: (span) => {
      Object.assign(ids, { traceId: span.traceId, spanId: span.spanId });
      sendOne(tracer, span, scrub);
    },
    close: async () => {
      const enough = new AbortController();
      const late = delay(LAST_WORDS_MS, 'late' as const, { signal: enough.signal }).catch(() => undefined);
      const sent = provider.shutdown().catch((error: unknown) => tell(String(error)));
      if ((await Promise.race([sent, late])) === 'late') tell('the last ones could not be sent in time');
      enough.abort();
    },
  };
}

const KINDS = { internal: SpanKind.INTERNAL, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };

function sendOne(tracer: Tracer, span: Span, scrub: SendOptions['scrub']): void {
  const { parent, error } = span;
  const context = parent
    ? trace.setSpanContext(ROOT_CONTEXT, contextOf(parent, parent.sampled))
    : ROOT_CONTEXT;
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? scrub(value) : value,
    ]),
  );
  const links = span.links.map((link) => ({ context: contextOf(link, true) }));
  const options = { kind: KINDS[span.kind], startTime: timeOf(span.startMs), attributes, links };
  const started = tracer.startSpan(span.name, options, context);
  if (error !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: scrub(error) });
  started.end(timeOf(span.endMs));
}

function contextOf({ traceId, spanId }: SpanName, sampled: boolean): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

// As a plain number the SDK would take a time before the start of this process for one since its start.
function timeOf(ms: number): HrTime {
  const us = Math.round(ms * 1000);
  return [Math.floor(us / 1_000_000), (us % 1_000_000) * 1000];
}

function troubleTeller(log: Log): (trouble: string) => void {
  let toldAtMs = -Infinity;
  return (trouble) => {
    if (performance.now() - toldAtMs < TELL_EVERY_MS) return log.debug({ trouble }, 'traces');
    toldAtMs = performance.now();
    log.warn({ trouble }, 'traces are lost or not as they were asked for; nothing else suffers');
  };
}

function ignore(): void {}
