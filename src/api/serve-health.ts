import { fastify, type FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.ts';

/** A running health server. */
export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

/** Serves /metrics alone. */
export async function serveMetrics(
  at: { host: string; port: number },
  text: Metrics['text'],
): Promise<HealthServer> {
  const server = fastify();
  addMetrics(server, text);
  const url = await server.listen(at);
  return { url, close: () => server.close() };
}

function addMetrics(server: FastifyInstance, text: Metrics['text']): void {
  server.get('/metrics', async ({ headers }, reply) => {
    const { type, body } = await text(headers.accept);
    return reply.header('content-type', type).send(body);
  });
}

/** What is wrong with a process, in words; undefined: nothing. */
export interface Problems {
  /** It will not get well by itself: end it and start another. */
  alive: () => string | undefined;
  /** It cannot work now: wait for what it names. */
  ready: () => string | undefined;
}

/**
 * Serves what people and machines ask of one process: /healthz (is it to be restarted?), /readyz (can it work?), both 503 with
 * the problem; /metrics for Prometheus; /metrics.json for another process of ours to add up.
 */
export async function serveHealth(
  at: { host: string; port: number },
  metrics: Pick<Metrics, 'text' | 'json'>,
  problems: Problems,
): Promise<HealthServer> {
  const server = fastify();
  const answer = (path: string, look: () => string | undefined): unknown =>
    server.get(path, (_request, reply) => {
      const problem = look();
      return reply.code(problem ? 503 : 200).send(problem ? { ok: false, problem } : { ok: true });
    });
  answer('/healthz', problems.alive);
  answer('/readyz', problems.ready);
  addMetrics(server, metrics.text);
  server.get('/metrics.json', async () => metrics.json());
  const url = await server.listen(at);
  return { url, close: () => server.close() };
}
