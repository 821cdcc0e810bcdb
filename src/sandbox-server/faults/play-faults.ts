import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sandboxes } from '../sandboxes.ts';
import { cutAfterBytes, cutAfterMs, resetInsteadOfAnswer } from './cut-response.ts';
import type { RequestRule } from './fault-rules.ts';
import type { Faults, Hit } from './faults.ts';
import { kindOf, STREAM_KINDS, type RequestKind } from './request-kind.ts';
import type { Subject } from './tried-rule.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** How long its answer waits, by order, ms. */
    answerAfterMs: number;
    /** It was refused by order. */
    refusedByFault: boolean;
  }
}

/** Lets the faults of `sandboxes` happen to the requests of an app: after they were let in and read, before they are served. */
export function addFaults(app: FastifyInstance, sandboxes: Sandboxes): void {
  const { faults } = sandboxes;
  app.decorateRequest('answerAfterMs', 0);
  app.decorateRequest('refusedByFault', false);
  app.addHook('preHandler', (request, reply, proceed) => {
    const kind = faults.quiet ? null : kindOf(request);
    if (kind === null) return proceed();
    const { metadata, sandbox } = subjectOf(request, sandboxes);
    const hits = faults.meet(kind, metadata, sandbox);
    play(hits, kind, { request, reply, faults }).then((served) => (served ? undefined : proceed()), proceed);
  });
  app.addHook('onSend', (request, reply, payload, proceed) => {
    if (request.answerAfterMs === 0 || reply.statusCode >= 400) return proceed(null, payload);
    faults.delays.wait(request.answerAfterMs).then(() => proceed(null, payload), proceed);
  });
}

interface Play {
  request: FastifyRequest;
  reply: FastifyReply;
  faults: Faults;
}

/** True: the request is over. */
async function play(
  hits: readonly Hit[],
  kind: RequestKind,
  { request, reply, faults }: Play,
): Promise<boolean> {
  for (const { rule, drawn } of hits) {
    switch (rule.do) {
      case 'delay':
        if (rule.when === 'before' || STREAM_KINDS.includes(kind)) await faults.delays.wait(drawn);
        else request.answerAfterMs += drawn;
        break;
      case 'answer':
        request.refusedByFault = true;
        answer(rule, request, reply);
        return true;
      case 'reset':
        if (rule.when === 'before') {
          request.refusedByFault = true;
          reply.hijack();
          request.raw.socket.resetAndDestroy();
          return true;
        }
        resetInsteadOfAnswer(reply.raw);
        break;
      case 'cut':
        if (rule.afterMs) cutAfterMs(reply.raw, drawn);
        else cutAfterBytes(reply.raw, Math.round(drawn));
        break;
    }
  }
  return false;
}

const MESSAGES: Readonly<Record<number, string>> = {
  429: 'Rate limit exceeded',
  500: 'internal server error',
  502: 'The sandbox was not found',
  503: 'Failed to place sandbox: not enough capacity, please retry later',
};

function answer(
  rule: Extract<RequestRule, { do: 'answer' }>,
  { sandbox }: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, retryAfterS, message = MESSAGES[status] ?? 'refused by an ordered fault' } = rule;
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  // E2B's proxy names the sandbox; the SDK does not read it.
  const of = status === 502 && sandbox ? { sandboxId: sandbox.id } : {};
  void reply.code(status).send({ ...of, code: status, message });
}

function subjectOf(
  { sandbox, params, body }: FastifyRequest,
  sandboxes: Sandboxes,
): { metadata: Subject['metadata']; sandbox: Subject | undefined } {
  const id = valueOf(params, 'id');
  const found = sandbox ?? (typeof id === 'string' ? sandboxes.find(id) : undefined);
  if (found) return { metadata: found.metadata, sandbox: found };
  const ordered = Object.entries(valueOf(body, 'metadata') ?? {});
  return {
    metadata: Object.fromEntries(ordered.map(([key, value]) => [key, String(value)])),
    sandbox: undefined,
  };
}

function valueOf(from: unknown, key: string): unknown {
  return typeof from === 'object' && from !== null ? Reflect.get(from, key) : undefined;
}
