import type { FastifyRequest } from 'fastify';

/** What a request is for, as rules name it. */
export const REQUEST_KINDS = [
  'create',
  'list',
  'info',
  'destroy',
  'timeout',
  'connect',
  'network',
  'metrics',
  'pause',
  'resume',
  'snapshot',
  'fork',
  'start',
  'reconnect',
  'process',
  'watch',
  'filesystem',
  'read',
  'write',
  'execute',
  'context',
  'health',
  'other',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Kinds that are answered by a stream of events. */
export const STREAM_KINDS: readonly RequestKind[] = ['start', 'reconnect', 'watch', 'execute'];

const BY_ROUTE: Readonly<Record<string, RequestKind>> = {
  'POST /sandboxes': 'create',
  'POST /v2/sandboxes': 'create',
  'GET /sandboxes': 'list',
  'GET /v2/sandboxes': 'list',
  'GET /sandboxes/:id': 'info',
  'DELETE /sandboxes/:id': 'destroy',
  'POST /sandboxes/:id/timeout': 'timeout',
  'POST /sandboxes/:id/refreshes': 'timeout',
  'POST /sandboxes/:id/connect': 'connect',
  'POST /v2/sandboxes/:id/connect': 'connect',
  'PUT /sandboxes/:id/network': 'network',
  'GET /sandboxes/:id/metrics': 'metrics',
  'GET /sandboxes/metrics': 'metrics',
  'POST /sandboxes/:id/pause': 'pause',
  'POST /sandboxes/:id/resume': 'resume',
  'POST /sandboxes/:id/snapshots': 'snapshot',
  'GET /snapshots': 'snapshot',
  'POST /sandboxes/:id/fork': 'fork',
  'POST /process.Process/:method': 'process',
  'POST /process.Process/StreamInput': 'process',
  'POST /filesystem.Filesystem/:method': 'filesystem',
  'GET /files': 'read',
  'POST /files': 'write',
  'POST /execute': 'execute',
  'GET /contexts': 'context',
  'POST /contexts': 'context',
  'DELETE /contexts/:id': 'context',
  'POST /contexts/:id/restart': 'context',
  'GET /health': 'health',
};

const BY_METHOD: Readonly<Record<string, RequestKind>> = {
  'process.Start': 'start',
  'process.Connect': 'reconnect',
  'filesystem.WatchDir': 'watch',
};

/** The kind of a request that has found its route; null: it is the server's own and meets no faults. */
export function kindOf({ routeOptions, method, params, headers }: FastifyRequest): RequestKind | null {
  const { url } = routeOptions;
  if (url === undefined || url.startsWith('/admin/')) return null;
  const kind = BY_ROUTE[`${method} ${url}`] ?? 'other';
  if (kind === 'health' && headers['e2b-sandbox-id'] === undefined) return null;
  if (kind !== 'process' && kind !== 'filesystem') return kind;
  const called = typeof params === 'object' && params !== null && 'method' in params ? params.method : '';
  return BY_METHOD[`${kind}.${String(called)}`] ?? kind;
}
