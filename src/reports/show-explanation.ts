import type { AttemptFacts, EvaluationFacts } from '../database/read-evaluation.ts';
import { harmlessLine, harmlessTail } from '../harmless-text.ts';
import type { Reason } from './waiting-for.ts';

const TAIL_LINES = 50;
const LINE = 400;

/** One screen on one evaluation: where it is, why, its attempts, its last words, and how to try it by hand. */
export function showExplanation(
  batch: string,
  evaluation: EvaluationFacts & { attempts: readonly AttemptFacts[]; trace: string },
  reason: Reason,
): string {
  const { taskId, sample, source, state, outcome, result } = evaluation;
  const name = `${harmlessLine(taskId, 200)}${sample > 0 ? ` sample ${sample}` : ''}`;
  const headline =
    state === 'finished'
      ? `${outcome ?? ''} ${result?.reason ? `(${result.reason})` : ''}`.trim()
      : `${state}: ${reason.words}`;
  return [
    `${name} of batch ${harmlessLine(batch, 100)}${source === null ? '' : `, from ${harmlessLine(source, 200)}`}`,
    headline,
    ...failureOf(evaluation),
    '',
    ...attemptsOf(evaluation.attempts),
    ...stagesOf(evaluation),
    `trace: ${evaluation.trace}`,
    '',
    ...tailOf(evaluation),
    'To try it by hand:',
    `  evalpool explain ${shown(batch)} ${shown(taskId)} --sample ${sample} --spec > one.jsonl && evalpool run one.jsonl`,
  ].join('\n');
}

function failureOf({ result, failures, workersLost, suspect }: EvaluationFacts): string[] {
  const failure = result?.failure;
  const told = failure
    ? [
        `${failure.code}${failure.stage ? ` in ${failure.stage}` : ''}: ${harmlessLine(failure.message, LINE)}`,
        failure.next,
      ]
    : [];
  const counts = [
    failures > 0 ? `${failures} attempts failed on our side` : '',
    workersLost > 0 ? `${workersLost} evaluators were lost while they worked on it` : '',
    suspect === null ? '' : `${suspect} in an earlier sandbox`,
  ].filter(Boolean);
  return counts.length > 0 ? [...told, counts.join('; ')] : told;
}

function attemptsOf(attempts: readonly AttemptFacts[]): string[] {
  if (attempts.length === 0) return ['attempts: none so far', ''];
  const lines = attempts.map(({ number, state, reason, startedAt, endedAt, host, pid }) => {
    const seconds =
      endedAt === null ? '' : ` after ${((endedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)} s`;
    return `  ${number}  ${startedAt.toISOString()}  ${state === 'claimed' ? 'runs' : `${reason ?? 'ended'}${seconds}`}  by ${host}:${pid}`;
  });
  return ['attempts:', ...lines, ''];
}

function stagesOf({ result }: EvaluationFacts): string[] {
  if (!result || result.stages.length === 0) return [];
  return [
    `seconds: ${result.stages.map(({ stage, seconds }) => `${stage} ${seconds.toFixed(2)}`).join(' · ')}`,
    '',
  ];
}

function tailOf({ result }: EvaluationFacts): string[] {
  return result?.tail ? ['last lines:', harmlessTail(result.tail, TAIL_LINES, LINE), ''] : [];
}

// For a shell; single quotes inside are rare enough to be written out.
function shown(word: string): string {
  return /^[\w./@:-]+$/.test(word) ? word : `'${harmlessLine(word, 200).replaceAll("'", `'\\''`)}'`;
}
