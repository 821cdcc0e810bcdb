import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { acceptSpecs } from '../database/accept-specs.ts';
import { findBatch, makeBatch, readBatch, sealBatch, sealWhenIdle, type Batch } from '../database/batches.ts';
import type { Database } from '../database/connect.ts';
import { findAccepted, findAwaited, findByKey, findResult } from '../database/find-evaluation.ts';
import { isRefusedData } from '../database/what-failed.ts';
import { EvalpoolError } from '../errors.ts';
import { readProvider } from '../slots/tiers.ts';
import type { SpecInput } from '../spec.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { knownProvider } from './known-provider.ts';
import { problemText } from './problem.ts';
import { checkSession } from './session-limit.ts';
import { contentHash, validateSpec } from './validate-spec.ts';

/** What a producer's job carries. Either a spec, or `seal: true`, or both. */
const IntakeJob = z
  .strictObject({
    batch: z.string().min(1).max(200),
    /** Whose sandboxes a new batch uses; default: the dispatcher's EVALPOOL_PROVIDER. */
    provider: z.string().min(1).max(200).optional(),
    spec: z.unknown().optional(),
    /** Accepted once under this name, whatever the producer retries. */
    key: z.string().min(1).max(200).optional(),
    /** Answer with the result, not with the acceptance. */
    wait: z.boolean().default(false),
    seal: z.boolean().default(false),
    /** Seal the batch once nothing came for this long, seconds. */
    sealAfterIdle: z.number().positive().max(86_400).optional(),
    /** W3C's header of what submits it, where BullMQ's own telemetry does not carry one. */
    traceparent: z.string().max(200).optional(),
  })
  .refine((job) => job.spec !== undefined || job.seal, 'a job needs a spec or seal: true');

type Job = z.infer<typeof IntakeJob>;

/** What the job completes with, or the evaluation that it is `parked` for while the result is not there. */
export type JobAnswer = { answer: unknown } | { parked: string };

/** What was submitted, and W3C's header of the span that did. */
interface Submitted {
  data: unknown;
  traceparent?: string | undefined;
}

interface AcceptContext {
  database: Database;
  provider: string | undefined;
  tracing: Pick<Tracing, 'of'>;
  accepted: () => void;
}

/**
 * Accepts one job of the intake queue; told again, it adds nothing. `parked`: what it waits for since an earlier time; then
 * it only reads. Throws an EvalpoolError that names what is wrong with the job; anything else that it throws may pass.
 */
export async function acceptJob(
  context: AcceptContext,
  submitted: Submitted,
  parked?: string,
): Promise<JobAnswer> {
  try {
    const awaited = parked === undefined ? undefined : await findAwaited(context.database, parked);
    if (parked === undefined || !awaited) return await acceptAnew(context, submitted);
    return await answerWaiting(context.database, parked, awaited.cancelled);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    throw new EvalpoolError('SPEC_INVALID', 'the database refuses what the job holds', { cause: error });
  }
}

async function answerWaiting(
  database: Database,
  evaluationId: string,
  cancelled: boolean,
): Promise<JobAnswer> {
  const result = await findResult(database, evaluationId);
  if (result) return { answer: { evaluationId, ...result } };
  if (cancelled) throw new EvalpoolError('BATCH_CANCELLED', 'the batch was cancelled');
  return { parked: evaluationId };
}

async function acceptAnew(context: AcceptContext, { data, traceparent }: Submitted): Promise<JobAnswer> {
  const { database } = context;
  const parsed = IntakeJob.safeParse(data);
  if (!parsed.success)
    throw new EvalpoolError('SPEC_INVALID', `not an intake job: ${z.prettifyError(parsed.error)}`);
  const job = parsed.data;
  const batch = await makeBatchOf(database, job, context.provider);
  if (job.sealAfterIdle) await sealWhenIdle(database, batch.id, job.sealAfterIdle);
  const evaluationId = job.spec === undefined ? undefined : await acceptOne(database, batch, job);
  if (job.seal) await sealBatch(database, batch.id);
  context.accepted();
  if (!evaluationId) return { answer: { sealed: true } };
  await traceAcceptance(context, evaluationId, traceparent ?? job.traceparent);
  if (!job.wait) return { answer: { evaluationId } };
  return answerWaiting(database, evaluationId, false);
}

// A batch keeps the provider that its first job gave it.
async function makeBatchOf(
  database: Database,
  job: Pick<Job, 'batch' | 'provider'>,
  byDefault: string | undefined,
): Promise<Batch> {
  const id = await findBatch(database, job.batch);
  const before = id === undefined ? undefined : await readBatch(database, id);
  const provider = before
    ? (job.provider ?? before.provider)
    : await knownProvider(database, job.provider ?? byDefault);
  return makeBatch(database, job.batch, provider);
}

async function acceptOne(
  database: Database,
  { id: batchId, provider }: Batch,
  job: Pick<Job, 'spec' | 'key'>,
): Promise<string> {
  const seen = job.key && (await findByKey(database, batchId, job.key));
  if (seen) return seen;
  const validated = validateSpec(job.spec, 'remote');
  if ('problems' in validated) throw new EvalpoolError('SPEC_INVALID', problemText(validated.problems));
  const { spec } = validated;
  await refuseOverlong(database, provider, spec);
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

async function traceAcceptance(
  { database, tracing }: AcceptContext,
  evaluationId: string,
  traceparent: string | undefined,
): Promise<void> {
  if (traceparent === undefined) return;
  const when = await findAccepted(database, evaluationId);
  if (when) tracing.of({ evaluationId, ...when }).accepted(traceparent);
}

async function refuseOverlong(database: Database, provider: string, spec: SpecInput): Promise<void> {
  const limits = await readProvider(database, provider);
  const problem = limits && checkSession(spec, { ...limits, provider });
  if (problem) throw new EvalpoolError(problem.code, problemText([problem]));
}
