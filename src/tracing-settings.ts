// Reads those of OpenTelemetry's standard variables that say whether and how traces are sent; its own SDK reads the others
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

/** Whether traces are sent, and in which form. */
export interface TracingSettings {
  /** Undefined: no traces. */
  protocol: (typeof PROTOCOLS)[number] | undefined;
  /** Why there are none although the variables ask for them: the specification wants a warning, not an end. */
  problem?: string;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
const OFF: TracingSettings = { protocol: undefined };

/** Off unless OTEL_TRACES_EXPORTER or an endpoint is set. Values of endpoints are not quoted: they may hold a password. */
export function readTracing(env: NodeJS.ProcessEnv): TracingSettings {
  const exporter = env['OTEL_TRACES_EXPORTER'];
  const endpoint = ENDPOINTS.find((name) => env[name]);
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || exporter === 'none') return OFF;
  if (!exporter && !endpoint) return OFF;
  if (exporter && !exporter.split(',').includes('otlp'))
    return refused(`OTEL_TRACES_EXPORTER: expected otlp or none, there was '${exporter}'`);
  if (endpoint && !/^https?:$/.test(protocolOf(env[endpoint] ?? '')))
    return refused(`${endpoint}: expected an http or https URL`);
  const wanted =
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || PROTOCOLS[0];
  const protocol = PROTOCOLS.find((each) => each === wanted);
  if (protocol) return { protocol };
  return refused(`OTEL_EXPORTER_OTLP_PROTOCOL: expected ${PROTOCOLS.join(' or ')}, there was '${wanted}'`);
}

function refused(problem: string): TracingSettings {
  return { protocol: undefined, problem };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
