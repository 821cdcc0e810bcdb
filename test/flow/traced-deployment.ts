import { randomUUID } from 'node:crypto';
import { acceptSpecs } from '../../src/database/accept-specs.ts';
import { openBatch, sealBatch } from '../../src/database/batches.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';
import type { SpecInput } from '../../src/spec.ts';
import { startDeployment, type Deployment } from './start-deployment.ts';

/** Its one provider, and the key of that. */
export const PROVIDER = 'delta';
export const KEY = 'the-key-of-delta';

/** A line of a process's log. */
export interface Line {
  msg: string;
  process: string;
  evaluation?: string;
  attempt?: number;
  batch?: string;
  trace?: string;
}

/** A deployment with one provider of simulated sandboxes. */
export interface TracedDeployment extends Deployment {
  server: TestServer;
  /** Variables of a process that sends its traces there, as JSON and soon, and logs everything. */
  tracedBy(url: string): Record<string, string>;
  /** Makes a batch of these specs; returns its id and theirs. */
  submit(
    name: string,
    specs: ReadonlyArray<Omit<SpecInput, 'id'>>,
  ): Promise<{ batch: string; ids: string[] }>;
  /** What was logged about an evaluation. */
  linesAbout(evaluation: string): Line[];
}

/** Starts one, without any process yet. */
export async function startTracedDeployment(): Promise<TracedDeployment> {
  const server = await startSimulatedServer({ maxSandboxes: 20, createsPerS: null }, KEY);
  const { url } = server.server;
  const deployment = await startDeployment({
    [PROVIDER]: { tier: 'local', maxSandboxes: 4, keyFrom: 'KEY_D', apiUrl: url, sandboxUrl: url },
  });
  const { database } = deployment;
  return {
    ...deployment,
    server,
    tracedBy: (collector) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      EVALPOOL_LOG_LEVEL: 'debug',
      EVALPOOL_PROVIDER: PROVIDER,
      KEY_D: KEY,
    }),
    submit: async (name, specs) => {
      const { id } = await openBatch(database, name, PROVIDER);
      const candidates = specs.map((spec, n) => ({
        spec: { id: `${name}-${n}`, ...spec },
        contentHash: String(n),
        source: null,
      }));
      const { ids } = await acceptSpecs(database, id, randomUUID(), candidates);
      await sealBatch(database, id);
      return { batch: id, ids };
    },
    linesAbout: (evaluation) =>
      deployment
        .logs()
        .split('\n')
        .filter((line) => line.startsWith('{"level"'))
        .map((line): Line => JSON.parse(line))
        .filter((line) => line.evaluation === evaluation),
    close: async () => {
      await deployment.close();
      await server.close();
    },
  };
}
