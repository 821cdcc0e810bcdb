import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sandboxes } from '../sandboxes.ts';
import { admitCreation } from '../limits/admit-creation.ts';
import { ledgerMs, type CreateRefusal, type Ledger, type LedgerRequest } from '../ledger/ledger.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the ledger will say of this request; on routes that create or destroy only. */
    entry: LedgerRequest;
  }
}

type Hook<Request> = (request: Request, reply: FastifyReply, done: () => void) => void;

/** Enters a creation into the ledger once its connection has seen the last of it, and refuses those that come too fast. */
export function enterCreate(sandboxes: Sandboxes): Hook<FastifyRequest> {
  const { ledger } = sandboxes;
  return (request, reply, done) => {
    request.entry = { askedAtMs: ledger.arrive(), id: null, status: null };
    afterwards(request, reply, (entry) => ledger.created(entry, refusalOf(request, reply)));
    // Here and not later: what delays it from now on is not its sender's fault.
    admitCreation(sandboxes);
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

/** What came of one fork. */
export interface ForkEntry {
  id: string | null;
  /** Null: the whole request was refused. */
  status: number | null;
  /** Whether it was told when to come back. */
  tellsWhen: boolean;
}

/** Enters a creation for each fork that is asked for. What comes of them is to be put into the entries that it gives. */
export function enterForks(ledger: Ledger, reply: FastifyReply, count: number): ForkEntry[] {
  const entries = Array.from({ length: count }, () => ({
    askedAtMs: ledger.arrive(),
    entry: { id: null, status: null, tellsWhen: false },
  }));
  reply.raw.once('close', () => {
    for (const { askedAtMs, entry } of entries) enterFork(ledger, reply, { askedAtMs, ...entry });
  });
  return entries.map(({ entry }) => entry);
}

function enterFork(
  ledger: Ledger,
  { raw, statusCode }: FastifyReply,
  { askedAtMs, id, status, tellsWhen }: ForkEntry & { askedAtMs: number },
): void {
  const answered = raw.writableFinished ? (status ?? statusCode) : null;
  const refused = answered === null ? null : refusalBy(answered, tellsWhen);
  ledger.created({ askedAtMs, id, status: answered }, refused);
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

function refusalOf(request: FastifyRequest, reply: FastifyReply): CreateRefusal | null {
  if (request.refusedByFault) return 'fault';
  return reply.raw.writableFinished ? refusalBy(reply.statusCode, reply.hasHeader('retry-after')) : null;
}

// Only the rate says when to come back.
function refusalBy(status: number, tellsWhen: boolean): CreateRefusal | null {
  if (status < 400) return null;
  if (status === 429) return tellsWhen ? 'rate' : 'concurrency';
  return status >= 500 && status !== 501 ? 'failed' : 'invalid';
}
