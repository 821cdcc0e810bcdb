import type { EndingKind } from './endings.ts';

/** Counts the instances of one model for its run report. */
export interface RunReport {
  add(id: string, kind: EndingKind, reason: string | null): void;
  /** The report, `schema_version` 2. */
  report(): object;
}

/** The lists that an instance stands in, by its ending. What is not graded is completed neither. */
const LISTS: Readonly<Record<EndingKind, readonly string[]>> = {
  resolved: ['completed', 'resolved'],
  unresolved: ['completed', 'unresolved'],
  ambiguous: ['completed', 'unresolved', 'ambiguous_failure'],
  empty_patch: ['empty_patch'],
  error: ['error'],
  infra: ['infra_failure'],
  incomplete: ['incomplete'],
};
const ALL = [
  'submitted',
  'completed',
  'incomplete',
  'resolved',
  'unresolved',
  'infra_failure',
  'ambiguous_failure',
  'empty_patch',
  'error',
];

/** An empty run report. */
export function openRunReport(): RunReport {
  const lists = new Map(ALL.map((name) => [name, new Set<string>()]));
  const reasons = new Map<string, string>();
  return {
    add(id, kind, reason) {
      for (const name of ['submitted', ...LISTS[kind]]) lists.get(name)?.add(id);
      if (reason !== null) reasons.set(id, reason);
    },
    report: () => ({
      total_instances: lists.get('submitted')?.size ?? 0,
      // The harness counts all but the incomplete ones.
      ...Object.fromEntries(
        [...lists]
          .filter(([name]) => name !== 'incomplete')
          .map(([name, ids]) => [`${name}_instances`, ids.size]),
      ),
      ...Object.fromEntries([...lists].map(([name, ids]) => [`${name}_ids`, [...ids].toSorted()])),
      failure_reasons: Object.fromEntries(reasons),
      schema_version: 2,
    }),
  };
}
