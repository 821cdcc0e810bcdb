import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { guard } from '../control/guard.ts';
import { FaultPlan } from '../faults/fault-rules.ts';
import { presetTier, Tier } from '../limits/tier.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';

const EntriesQuery = z.object({ after: z.coerce.number().int().nonnegative().default(0) });

/** What whoever plays with this server asks of it: the ledger, the tier and the faults. Guarded by the same key, on paths E2B has not. */
export function addAdminPlane(app: FastifyInstance, sandboxes: Sandboxes, apiKey: string): void {
  const { admission, faults, ledger } = sandboxes;
  guard(app, apiKey);
  app.get('/admin/ledger', () => ledger.summary());
  app.get('/admin/ledger/entries', ({ query }, reply) => {
    const lines = ledger.entriesAfter(parseAs(EntriesQuery, query).after);
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }));
  });
  app.get('/admin/tier', () => admission.tier);
  app.put('/admin/tier', ({ body }) => {
    admission.tier = presetTier(body) ?? parseAs(Tier, body);
    return admission.tier;
  });
  app.get('/admin/faults', () => faults.describe());
  app.put('/admin/faults', ({ body }) => {
    faults.play(parseAs(FaultPlan, body));
    return faults.describe();
  });
  app.post('/admin/reset', (_request, reply) => {
    ledger.reset();
    faults.restart();
    return reply.code(204).send();
  });
}
