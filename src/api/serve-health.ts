import { fastify } from 'fastify';
import type { Metrics } from '../metrics/metrics.ts';

/** A running health server. */
export interface HealthServer {
  url: string;
  close(): Promise<void>;
}

/** Serves /healthz (503 with the reason while something is wrong) and /metrics of one process. */
export async function serveHealth(
  at: { host: string; port: number },
  metrics: Metrics,
  problem: () => string | undefined,
): Promise<HealthServer> {
  const server = fastify();
  server.get('/healthz', (_request, reply) => {
    const wrong = problem();
    return reply.code(wrong ? 503 : 200).send(wrong ? { ok: false, problem: wrong } : { ok: true });
  });
  server.get('/metrics', async (_request, reply) => {
    const { type, body } = await metrics.text();
    return reply.header('content-type', type).send(body);
  });
  const url = await server.listen(at);
  return { url, close: () => server.close() };
}
