import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sandboxes } from '../sandboxes.ts';
import { ledgerMs, type CreateRefusal, type Ledger, type LedgerRequest } from '../ledger/ledger.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the ledger will say of this request; on routes that create or destroy only. */
    entry: LedgerRequest;
  }
}

type Hook<Request> = (request: Request, reply: FastifyReply, done: () => void) => void;

/** Enters a creation into the ledger once its connection has seen the last of it, and refuses those that come too fast. */
export function enterCreate({ admission, ledger }: Sandboxes): Hook<FastifyRequest> {
  return (request, reply, done) => {
    request.entry = { askedAtMs: ledger.arrive(), id: null, status: null };
    afterwards(request, reply, (entry) => ledger.created(entry, refusalOf(request, reply)));
    // Here and not later: what delays it from now on is not its sender's fault.
    admission.admit();
    ledger.accept();
    done();
  };
}

/** Enters a destruction likewise. */
export function enterDestroy(ledger: Ledger): Hook<FastifyRequest<{ Params: { id: string } }>> {
  return (request, reply, done) => {
    request.entry = { askedAtMs: ledgerMs(), id: request.params.id, status: null };
    afterwards(request, reply, (entry) => ledger.destroyed(entry));
    done();
  };
}

function afterwards(
  request: Pick<FastifyRequest, 'entry'>,
  reply: FastifyReply,
  enter: (entry: LedgerRequest) => void,
): void {
  reply.raw.once('close', () => {
    enter({ ...request.entry, status: reply.raw.writableFinished ? reply.statusCode : null });
  });
}

// Only the rate says when to come back.
function refusalOf(request: FastifyRequest, reply: FastifyReply): CreateRefusal | null {
  const { statusCode } = reply;
  if (request.refusedByFault) return 'fault';
  if (!reply.raw.writableFinished || statusCode < 400) return null;
  if (statusCode === 429) return reply.hasHeader('retry-after') ? 'rate' : 'concurrency';
  return statusCode >= 500 && statusCode !== 501 ? 'failed' : 'invalid';
}
