import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes } from '../sandboxes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose data plane is asked; set before the body is read, on data plane routes only. */
    sandbox: LiveSandbox;
  }
}

/** Where a sandbox's envd answers, and its code interpreter. */
const ENVD_PORT = '49983';
export const CODE_PORT = '49999';
const OPEN_PORTS = [ENVD_PORT, CODE_PORT];

/** Which sandbox and port a request is for, by E2B's headers, else by the host name `<port>-<id>.…`; undefined: none. */
export function addressedSandbox(request: FastifyRequest): { id: string; port: string } | undefined {
  const id = request.headers['e2b-sandbox-id'];
  if (typeof id === 'string') return { id, port: String(request.headers['e2b-sandbox-port'] ?? ENVD_PORT) };
  const [, port, inHost] = /^(\d{1,5})-([a-z0-9]+)\./.exec(request.headers.host ?? '') ?? [];
  return port !== undefined && inHost !== undefined ? { id: inHost, port } : undefined;
}

/** False: the request is for a port of a sandbox where nobody answers, and the reply already says so as E2B's proxy does. */
export function isPortOpen(request: FastifyRequest, reply: FastifyReply, sandboxes: Sandboxes): boolean {
  const address = addressedSandbox(request);
  return address === undefined || OPEN_PORTS.includes(address.port) || enter(request, reply, sandboxes);
}

/**
 * Finds the sandbox of a request to one of its ports and sets it; false: there is none, or not at this port, and the reply
 * already says so as E2B's proxy does.
 */
export function enter(
  request: FastifyRequest,
  reply: FastifyReply,
  sandboxes: Sandboxes,
  port: string = ENVD_PORT,
): boolean {
  const address = addressedSandbox(request);
  if (!address) throw new Refusal(400, 'the request names no sandbox: expected the header E2b-Sandbox-Id');
  const sandbox = sandboxes.find(address.id);
  if (!sandbox) {
    void refuseAbsent(reply, address.id);
    return false;
  }
  request.sandbox = sandbox;
  if (address.port === port) return true;
  void reply.code(502).send({
    sandboxId: address.id,
    message: 'The sandbox is running but port is not open',
    port: Number(address.port),
    code: 502,
  });
  return false;
}

/**
 * Wakes the sandbox of a request if it is paused; false: it stays so, and the reply already says what E2B's proxy says of one
 * that is gone. For requests that have shown that they may come in: others must not wake it. Throws 429.
 */
export async function awaken(
  { sandbox }: FastifyRequest,
  reply: FastifyReply,
  sandboxes: Sandboxes,
): Promise<boolean> {
  if (sandbox.state === 'running' || (await sandboxes.pauses.wake(sandbox))) return true;
  void refuseAbsent(reply, sandbox.id);
  return false;
}

/** Says what E2B's proxy says of a sandbox that is gone or paused. */
export function refuseAbsent(reply: FastifyReply, sandboxId: string): FastifyReply {
  return reply.code(502).send({ sandboxId, message: 'The sandbox was not found', code: 502 });
}
