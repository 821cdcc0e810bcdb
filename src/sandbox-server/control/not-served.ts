import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.ts';

interface Part {
  routes: readonly string[];
  /** What to use instead. */
  sentence: string;
}

/** What of E2B this server has not: each would otherwise look like a wrong path. docs/sandbox-server.md shows the same. */
const NOT_SERVED = {
  volumes: {
    routes: ['/volumes', '/volumes/*'],
    sentence: 'this server has no volumes: upload what sandboxes share, or start them from a snapshot of it',
  },
  secrets: {
    routes: ['/secrets', '/secrets/*'],
    sentence: 'this server has no secrets: give a sandbox its variables in envs',
  },
  iam: {
    routes: [],
    sentence: 'this server has no iam tokens: give a sandbox its credentials in envs',
  },
  mcp: {
    routes: [],
    sentence: 'this server has no MCP gateway: start the MCP server with commands.run in the sandbox',
  },
  egress: {
    routes: [],
    sentence: 'this server has no egress rules or proxies: allow and deny addresses by allowOut and denyOut',
  },
  names: {
    routes: [],
    sentence: 'this server allows IPv4 addresses and networks only, neither host names nor ports',
  },
  hostMask: {
    routes: [],
    sentence: 'this server has no maskRequestHost: its sandboxes have no public ports',
  },
  keys: {
    routes: ['/api-keys', '/api-keys/*', '/access-tokens', '/access-tokens/*'],
    sentence: 'this server has one key, set by EVALPOOL_SANDBOX_KEY when it starts',
  },
  'team metrics': {
    routes: ['/teams/:id/metrics', '/teams/:id/metrics/max'],
    sentence: 'this server has no team metrics: its ledger tells more (GET /admin/ledger)',
  },
  builds: {
    routes: ['/templates/tags', '/templates/*', '/v2/templates', '/v2/templates/*', '/v3/templates'],
    sentence: 'this server does not build templates: snapshot a sandbox that is set up as you want it',
  },
} satisfies Record<string, Part>;

/** The refusal of a part that a request asks for in its body. */
export function notServed(part: keyof typeof NOT_SERVED): Refusal {
  return new Refusal(501, NOT_SERVED[part].sentence);
}

/** Answers every route of E2B's API that is not served by 501 and what to use instead. */
export function addNotServed(app: FastifyInstance): void {
  for (const { routes, sentence } of Object.values<Part>(NOT_SERVED))
    for (const route of routes)
      app.all(route, () => {
        throw new Refusal(501, sentence);
      });
}
