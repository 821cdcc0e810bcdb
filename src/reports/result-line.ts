import type { StoredResult } from '../database/read-results.ts';

/** One line of results.jsonl. `logs`: where each stage's log lies. */
export function resultLine(stored: StoredResult, logs: Record<string, string>): object {
  const { result } = stored;
  return {
    id: stored.taskId,
    sample: stored.sample,
    labels: stored.labels,
    source: stored.source,
    outcome: stored.outcome,
    reason: stored.reason,
    failure: result.failure,
    exitCode: result.exitCode,
    tests: result.tests,
    ...(result.rewards === undefined ? {} : { rewards: result.rewards }),
    seconds: Object.fromEntries(result.stages.map(({ stage, seconds }) => [stage, seconds])),
    attempts: result.attempts,
    sandboxSeconds: result.sandboxSeconds,
    costUsd: result.costUsd,
    provider: result.provider,
    template: result.template,
    logs,
    artifacts: result.artifacts,
    startedAt: result.startedAt,
    finishedAt: result.finishedAt,
  };
}
