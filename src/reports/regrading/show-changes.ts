import { join } from 'node:path';
import { harmlessLine } from '../../harmless-text.ts';
import { KEPT_BECAUSE, type KeptBecause } from '../../kept-because.ts';
import type { Change, Changes, Ending } from './count-changes.ts';

/** What other rules made of a batch as text: from what to what, the first that changed, and what could not be judged. */
export function showChanges(changes: Changes, out: string): string {
  const { judged, fromLog, changed, kinds, first } = changes;
  const rest = changed - first.length;
  return [
    `judged again ${judged} evaluations: ${changed} changed`,
    ...kinds.map(({ before, after, count }) => `  ${count} × ${showEnding(before)} → ${showEnding(after)}`),
    ...(first.length > 0 ? ['', ...first.map(showChange)] : []),
    ...(rest > 0 ? [`and ${rest} more: ${join(out, 'changes.jsonl')}`] : []),
    ...(fromLog > 0 ? [`${fromLog} were read from the log, in which standard error is mixed`] : []),
    ...showKept(changes),
  ].join('\n');
}

function showKept({ kept }: Changes): string[] {
  const order = ['no_verdict', 'not_kept', 'other_path', 'log_cut'] as const satisfies KeptBecause[];
  return order
    .filter((because) => kept[because] > 0)
    .map((because) => `${kept[because]} keep their outcome: they ${KEPT_BECAUSE[because]}`);
}

function showChange({ id, sample, before, after, message }: Change): string {
  const name = `${harmlessLine(id, 100)}${sample === 0 ? '' : ` #${sample}`}`;
  const why = message === null ? '' : `: ${harmlessLine(message, 200)}`;
  return `  ${name}  ${showEnding(before)} → ${showEnding(after)}${why}`;
}

function showEnding({ outcome, reason }: Ending): string {
  return reason === '' ? outcome : `${outcome} (${harmlessLine(reason, 40)})`;
}
