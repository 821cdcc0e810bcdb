/** Prefix of every key in Redis; the braces keep them in one slot of a Redis Cluster. */
export const PREFIX = '{evalpool}';

/** Queue that BullMQ producers feed. */
export const INTAKE_QUEUE = 'evalpool-intake';

/** Queue of one provider's evaluations. BullMQ forbids colons in names. */
export function evaluationQueue(provider: string): string {
  return `evaluations-${provider.replaceAll(':', '-')}`;
}

/** What an evaluation's job carries: a hint which attempt to try. Postgres says whether it is still wanted. */
export interface Hint {
  evaluationId: string;
  attempt: number;
  /** It was under way whenever a process was lost, so it runs alone. */
  alone?: boolean;
  /** W3C's header of the span that put it there: beside the job's data, for whoever looks for it. */
  traceparent?: string | undefined;
}
