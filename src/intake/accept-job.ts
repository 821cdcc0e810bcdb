import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { acceptSpecs } from '../database/accept-specs.ts';
import { openBatch, sealBatch, sealWhenIdle } from '../database/batches.ts';
import type { Database } from '../database/connect.ts';
import { findByKey, findResult } from '../database/find-evaluation.ts';
import { EvalpoolError } from '../errors.ts';
import { problemText } from './problem.ts';
import { contentHash, validateSpec } from './validate-spec.ts';

/** What a producer's job carries. Either a spec, or `seal: true`, or both. */
const IntakeJob = z
  .strictObject({
    batch: z.string().min(1).max(200),
    spec: z.unknown().optional(),
    /** Accepted once under this name, whatever the producer retries. */
    key: z.string().min(1).max(200).optional(),
    /** Answer with the result, not with the acceptance. */
    wait: z.boolean().default(false),
    seal: z.boolean().default(false),
    /** Seal the batch once nothing came for this long, seconds. */
    sealAfterIdle: z.number().positive().max(86_400).optional(),
  })
  .refine((job) => job.spec !== undefined || job.seal, 'a job needs a spec or seal: true');

/** What the job completes with, or `parked` while a result that it waits for is not there. */
export type JobAnswer = { answer: unknown } | { parked: true };

/** Accepts one job of the intake queue; told again, it adds nothing. Throws an EvalpoolError that names what is wrong. */
export async function acceptJob(
  context: { database: Database; provider: string; accepted: () => void },
  data: unknown,
): Promise<JobAnswer> {
  const { database } = context;
  const parsed = IntakeJob.safeParse(data);
  if (!parsed.success)
    throw new EvalpoolError('SPEC_INVALID', `not an intake job: ${z.prettifyError(parsed.error)}`);
  const job = parsed.data;
  const batch = await openBatch(database, job.batch, context.provider);
  if (job.sealAfterIdle) await sealWhenIdle(database, batch.id, job.sealAfterIdle);
  const evaluationId = job.spec === undefined ? undefined : await acceptOne(database, batch.id, job);
  if (job.seal) await sealBatch(database, batch.id);
  context.accepted();
  if (!evaluationId) return { answer: { sealed: true } };
  if (!job.wait) return { answer: { evaluationId } };
  const result = await findResult(database, evaluationId);
  return result ? { answer: { evaluationId, ...result } } : { parked: true };
}

async function acceptOne(
  database: Database,
  batchId: string,
  job: { spec?: unknown; key?: string | undefined },
): Promise<string> {
  const seen = job.key && (await findByKey(database, batchId, job.key));
  if (seen) return seen;
  const validated = validateSpec(job.spec, 'remote');
  if ('problems' in validated) throw new EvalpoolError('SPEC_INVALID', problemText(validated.problems));
  const { spec } = validated;
  const candidate = { spec, contentHash: contentHash(spec), source: null, key: job.key ?? null };
  const { ids, known } = await acceptSpecs(database, batchId, randomUUID(), [candidate]);
  const before = known[0];
  if (before && !before.sameContent) {
    throw new EvalpoolError(
      'SPEC_DUPLICATE',
      `${spec.id} sample ${spec.sample ?? 0} is in the batch already, with other content`,
    );
  }
  const id = ids[0] ?? before?.evaluationId ?? (job.key && (await findByKey(database, batchId, job.key)));
  if (!id) throw new EvalpoolError('STORE_FAILED', 'the spec was neither accepted nor found');
  return id;
}
