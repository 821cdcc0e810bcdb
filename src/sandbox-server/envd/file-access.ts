import type { FastifyReply, FastifyRequest } from 'fastify';
import { enter, addressedSandbox } from './addressed-sandbox.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';
import { isSameSecret, signFileAccess } from '../secrets.ts';

/** What the query of a /files request may hold. */
export interface FileQuery {
  path?: string;
  username?: string;
  signature?: string;
  signature_expiration?: string;
}

/**
 * Lets a /files request in, by the sandbox's token or by a signature, and sets its sandbox.
 * A signed URL may name no sandbox at all: then it is the one whose token signed it.
 */
export function admitToFiles(
  request: FastifyRequest<{ Querystring: FileQuery }>,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): boolean {
  const { query } = request;
  if (query.signature !== undefined && !addressedSandbox(request)) {
    request.sandbox = signer(request, sandboxes.all());
    return true;
  }
  if (!enter(request, reply, sandboxes)) return false;
  const token = request.headers['x-access-token'];
  if (!token) signer(request, [request.sandbox]);
  else if (!isSameSecret(token, request.sandbox.token))
    throw new Refusal(401, 'access token present in header but does not match');
  return true;
}

function signer(
  { query, method }: FastifyRequest<{ Querystring: FileQuery }>,
  among: Iterable<LiveSandbox>,
): LiveSandbox {
  if (query.signature === undefined) throw new Refusal(401, 'missing signature query parameter');
  const access = {
    path: query.path ?? '',
    operation: method === 'POST' ? 'write' : 'read',
    username: query.username ?? '',
    expires: query.signature_expiration,
  } as const;
  for (const sandbox of among) {
    if (!isSameSecret(query.signature, signFileAccess(access, sandbox.token))) continue;
    if (access.expires !== undefined && !(Number(access.expires) * 1000 > Date.now()))
      throw new Refusal(401, 'signature is already expired');
    return sandbox;
  }
  throw new Refusal(401, 'invalid signature');
}
