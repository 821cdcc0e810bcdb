import { z } from 'zod';
import { readJsonFile } from '../read-json-file.ts';
import { REQUEST_KINDS, type RequestKind } from './request-kind.ts';

/** The longest that anything is put off, ms: a timer holds no more. */
const LONGEST_MS = 2 ** 31 - 1;

const RANGE = 'expected a number of at least 0, or two: [from, to]';
const amount = z.number().nonnegative().max(LONGEST_MS);
const range = z
  .union([amount, z.tuple([amount, amount])], { error: RANGE })
  .transform((given): readonly [number, number] => (typeof given === 'number' ? [given, given] : given))
  .refine(([from, to]) => from <= to, RANGE);

/** Which of the requests, or sandboxes, that a rule is about it hits. All conditions together. */
const selection = {
  /** Only where the sandbox's metadata holds all of these. */
  where: z.record(z.string(), z.string()).default({}),
  probability: z.number().min(0).max(1).default(1),
  /** Only every Nth. */
  every: z.int().positive().default(1),
  /** Not the first so many. */
  skip: z.int().nonnegative().default(0),
  /** At most so often. */
  times: z.int().positive().optional(),
};

const KINDS = z.enum([...REQUEST_KINDS, 'any']);
const onRequests = {
  on: z
    .union([KINDS, z.array(KINDS).min(1)], {
      error: `expected one of, or a list of: ${KINDS.options.join(', ')}`,
    })
    .transform((given) => (typeof given === 'string' ? [given] : given)),
  /** Whether `every`, `skip` and `times` count all requests, or those of each sandbox for itself. */
  per: z.enum(['server', 'sandbox']).default('server'),
  ...selection,
};
const when = z.enum(['before', 'after']).default('before');

const Delay = z.strictObject({ do: z.literal('delay'), ms: range, when, ...onRequests });
const Answer = z.strictObject({
  do: z.literal('answer'),
  status: z.int().min(400).max(599),
  message: z.string().optional(),
  retryAfterS: z.int().nonnegative().optional(),
  ...onRequests,
});
const Reset = z.strictObject({ do: z.literal('reset'), when, ...onRequests });
const Cut = z
  .strictObject({
    do: z.literal('cut'),
    afterMs: range.optional(),
    afterBytes: range.optional(),
    ...onRequests,
  })
  .refine(({ afterMs, afterBytes }) => (afterMs === undefined) !== (afterBytes === undefined), {
    error: 'expected either afterMs or afterBytes',
  });
const Vanish = z.strictObject({ do: z.literal('vanish'), afterMs: range, ...selection });
const Expire = z.strictObject({ do: z.literal('expire'), afterMs: range, ...selection });

/** One rule: what it hits, and what happens then. */
const FaultRule = z.discriminatedUnion('do', [Delay, Answer, Reset, Cut, Vanish, Expire]);
export type FaultRule = z.output<typeof FaultRule>;
/** A rule about requests; the others are about sandboxes. */
export type RequestRule = Extract<FaultRule, { on: unknown }>;

const Seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** The faults that a server plays, as the file of --faults and the body of PUT /admin/faults hold them. */
export const FaultPlan = z.strictObject({
  /** Two runs with the same seed meet the same faults; left out: any. */
  seed: Seed.optional(),
  rules: z.array(FaultRule).max(1000).default([]),
});
export type FaultPlan = z.output<typeof FaultPlan>;

/** No faults at all. */
export const NO_FAULTS: FaultPlan = { rules: [] };

/** The plan in a JSON file. Throws USAGE that names file and field. */
export function readFaults(path: string): FaultPlan {
  return readJsonFile(`--faults ${path}`, path, FaultPlan);
}

/** Whether a rule is about requests of that kind. */
export function isAbout(rule: FaultRule, kind: RequestKind): rule is RequestRule {
  return 'on' in rule && (rule.on.includes(kind) || rule.on.includes('any'));
}

/** The range that a rule draws from; null: it has none. */
export function rangeOf(rule: FaultRule): readonly [number, number] | null {
  if (rule.do === 'delay') return rule.ms;
  if (rule.do === 'cut') return rule.afterMs ?? rule.afterBytes ?? null;
  return rule.do === 'vanish' || rule.do === 'expire' ? rule.afterMs : null;
}
