import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isKey, type Scope } from '../api-key.ts';
import { findKey } from '../database/api-keys.ts';
import type { Actor } from '../database/audit.ts';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';

/** Who asks. */
export interface Caller extends Actor {
  scopes: readonly Scope[];
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
  interface FastifyContextConfig {
    /** What a key must allow for this route; none: it is for everybody. */
    scope?: Scope | 'everybody';
  }
}

/** Lets nobody through without a key in force that allows what the route asks for; a route that says nothing asks for `admin`. */
export function authenticate(server: FastifyInstance, database: Database): void {
  server.decorateRequest('caller', undefined);
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) return;
    const scope = request.routeOptions.config.scope ?? 'admin';
    if (scope === 'everybody') return;
    void reply.header('cache-control', 'private, no-cache');
    request.caller = await callerOf(request, database);
    const { scopes } = request.caller;
    if (scopes.includes(scope) || scopes.includes('admin')) return;
    throw new EvalpoolError('FORBIDDEN', `this key allows ${scopes.join(', ')}; ${scope} is asked for`);
  });
}

async function callerOf(request: FastifyRequest, database: Database): Promise<Caller> {
  const secret = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (secret === undefined)
    throw new EvalpoolError('UNAUTHENTICATED', 'expected `Authorization: Bearer <key>`');
  const key = isKey(secret) ? await findKey(database, secret) : undefined;
  if (!key) throw new EvalpoolError('UNAUTHENTICATED', 'no key in force is this one');
  return { tenant: key.tenant, actor: `key:${key.id}`, scopes: key.scopes };
}

/** Who asks, on a route that is not for everybody. */
export function callerOfRequest({ caller }: FastifyRequest): Caller {
  if (caller) return caller;
  throw new EvalpoolError('UNAUTHENTICATED', 'expected `Authorization: Bearer <key>`');
}
