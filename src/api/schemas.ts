import { z } from 'zod';

/** Name of a batch: part of a path, and of a folder where results are written. */
export const BatchName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, . _ - (at most 100)');

/** Name of a tenant: part of metrics and tables. */
export const TenantName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, . _ - (at most 63)');

const cap = z.int().positive().nullable();
const amount = z.number().positive().nullable();

/** What may be said of a batch, at its start and while it runs; null takes a cap, budget or deadline away. */
export const BatchShares = z.strictObject({
  weight: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe('Share of the slots against other batches of the tenant.'),
  maxRunning: cap.optional().describe('Evaluations at once.'),
  maxCostUsd: amount.optional().describe('Dispatch stops once it has cost so much.'),
  maxSandboxSeconds: amount.optional().describe('Dispatch stops after so many seconds of sandboxes.'),
  deadline: z.iso.datetime({ offset: true }).nullable().optional().describe('When it is to be done.'),
});

/** A new batch. */
export const NewBatch = BatchShares.extend({
  name: BatchName,
  provider: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Whose sandboxes it uses; default: the deployment's."),
});

const count = z.int().nonnegative();

/** A batch as it is now. */
export const BatchView = z.object({
  name: z.string(),
  provider: z.string(),
  state: z.enum(['open', 'sealed', 'finished']),
  paused: z.boolean(),
  cancelled: z.boolean(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  deadline: z.iso.datetime().nullable(),
  total: count.describe('Accepted evaluations.'),
  unreadable: count.describe('Lines that were no valid specs; they count as invalid.'),
  running: count,
  outcomes: z.object({
    passed: count,
    failed: count,
    timed_out: count,
    invalid: count,
    infra_error: count,
    cancelled: count,
  }),
  weight: z.number(),
  maxRunning: count.nullable(),
  maxCostUsd: z.number().nullable(),
  costUsd: z.number(),
  maxSandboxSeconds: z.number().nullable(),
  sandboxSeconds: z.number(),
});

/** Where a page begins, as the page before told it. */
export const Cursor = z.string().regex(/^\d{1,18}$/, 'a cursor of an earlier answer');

/** What became of a stream of specs. */
export const Accepted = z.object({
  batch: BatchView,
  accepted: count,
  known: count.describe('In the batch already, with the same content: nothing was added.'),
  invalid: count.describe('Lines that are no valid specs. The others were accepted.'),
  problems: z
    .array(
      z.object({
        line: z.string(),
        errors: z.array(z.object({ code: z.string(), field: z.string(), message: z.string() })),
      }),
    )
    .describe('The first of them.'),
});

/** Problem details (RFC 9457). */
export const ProblemView = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  next: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
