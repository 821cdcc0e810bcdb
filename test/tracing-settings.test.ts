import { expect, test } from 'vitest';
import { readTracing } from '../src/tracing-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

test.each([
  [{}],
  [{ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'a=b', OTEL_TRACES_SAMPLER: 'always_on' }],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'True' }],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
])('no traces are sent with %j', (env) => {
  expect(readTracing(env)).toEqual({ protocol: undefined });
});

test.each([
  [ENDPOINT, 'http/protobuf'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://user:pass@collector/v1/traces' }, 'http/protobuf'],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
  [{ OTEL_TRACES_EXPORTER: 'console,otlp', OTEL_SDK_DISABLED: 'false' }, 'http/protobuf'],
  [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
    'http/json',
  ],
])('with %j they are, as %s', (env, protocol) => {
  expect(readTracing(env)).toEqual({ protocol });
});

test.each([
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    "expected http/protobuf or http/json, there was 'grpc'",
  ],
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, "OTEL_TRACES_EXPORTER: expected otlp or none, there was 'zipkin'"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'user:pass@collector:4318' },
    'OTEL_EXPORTER_OTLP_ENDPOINT: expected an http or https URL',
  ],
])('%j sends none, and says why', (env, problem) => {
  const read = readTracing(env);
  expect(read.protocol).toBeUndefined();
  expect(read.problem).toContain(problem);
  expect(read.problem).not.toContain('pass');
});
