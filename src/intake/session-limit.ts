import { DEFAULT_TIMEOUTS, STAGES, type Stage } from '../stage.ts';
import type { SpecInput } from '../spec.ts';
import type { FieldProblem } from './problem.ts';
import type { Item } from './read-specs.ts';

/** How long a sandbox of a provider may live at most, and whose limit that is. */
export interface SessionLimit {
  provider: string;
  tier: string;
  longestSessionS: number;
}

/** The deadlines of the stages that a spec has, longest first, seconds. Together they are the longest life of its sandbox. */
function deadlines(spec: SpecInput): Array<[stage: Stage, seconds: number]> {
  const submits = spec.patch !== undefined || spec.files !== undefined || spec.testPatch !== undefined;
  const has: Partial<Record<Stage, boolean>> = {
    fetch: spec.repo !== undefined,
    setup: spec.setup !== undefined,
    patch: submits,
    build: spec.build !== undefined,
  };
  return STAGES.filter((stage) => has[stage] ?? true)
    .map((stage): [Stage, number] => [stage, spec.timeouts?.[stage] ?? DEFAULT_TIMEOUTS[stage]])
    .toSorted(([, a], [, b]) => b - a);
}

/** How long a spec's sandbox may be needed at most, seconds. */
export function longestSeconds(spec: SpecInput): number {
  return deadlines(spec).reduce((sum, [, seconds]) => sum + seconds, 0);
}

/** What is wrong with a spec that may need its sandbox for longer than the provider's longest session. */
export function checkSession(spec: SpecInput, limit: SessionLimit): FieldProblem | undefined {
  const { provider, tier, longestSessionS } = limit;
  const seconds = longestSeconds(spec);
  if (seconds <= longestSessionS) return undefined;
  const stages = deadlines(spec);
  const parts = stages.map(([stage, each]) => `${stage} ${each}`).join(', ');
  const longest = stages[0]?.[0] ?? 'test';
  const message =
    `the stages may take ${seconds} s in all (${parts}), a sandbox of provider ${provider} (tier ${tier}) lives` +
    ` ${longestSessionS} s at most: lower \`timeouts.${longest}\`, or choose a provider with longer sessions`;
  return { code: 'ABOVE_TIER', field: 'timeouts', message };
}

/** The items with every spec that may need its sandbox for too long turned into a problem. */
export async function* withinSession(items: AsyncIterable<Item>, limit: SessionLimit): AsyncGenerator<Item> {
  for await (const item of items) {
    const problem = 'bad' in item ? undefined : checkSession(item.candidate.spec, limit);
    if ('bad' in item || !problem) yield item;
    else yield { bad: { source: item.candidate.source ?? '', problems: [problem] } };
  }
}
