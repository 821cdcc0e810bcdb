import { harmlessLine } from '../../../harmless-text.ts';
import type { Task } from './join.ts';

const SHOWN = 5;

/** Says, before anything runs, which instances no template covers. */
export function sayUncovered(tasks: ReadonlyMap<string, Task>, say: (line: string) => void): void {
  const uncovered = [...tasks].filter(([, task]) => !task.covered);
  if (uncovered.length === 0) return;
  const places = new Map<string, { source: string; count: number }>();
  for (const [id, { image = id, source }] of uncovered)
    places.set(image, {
      source: places.get(image)?.source ?? source,
      count: (places.get(image)?.count ?? 0) + 1,
    });
  say(
    `${uncovered.length} of ${tasks.size} instances have no template: their predictions count as invalid.` +
      ' Build one (`evalpool template`, or at your provider) and add {"image": "…", "template": "…"} to the table of --templates.',
  );
  for (const [image, { source, count }] of [...places].slice(0, SHOWN))
    say(`  ${count} × ${harmlessLine(image, 200)} (first: ${source})`);
  if (places.size > SHOWN) say(`  and ${places.size - SHOWN} more images`);
}

/** Says what was not submitted, and what was submitted empty. */
export function sayStanding(
  tasks: ReadonlyMap<string, Task>,
  empty: number,
  say: (line: string) => void,
): void {
  const waiting = [...tasks].filter(([, task]) => task.samples === 0).map(([id]) => harmlessLine(id, 200));
  if (waiting.length > 0) {
    const more = waiting.length > SHOWN ? ` and ${waiting.length - SHOWN} more` : '';
    say(
      `${waiting.length} of ${tasks.size} instances were not submitted and are not evaluated: ` +
        `${waiting.slice(0, SHOWN).join(', ')}${more}`,
    );
  }
  if (empty > 0) say(`${empty} predictions are empty patches: they count as failed (EMPTY_PATCH)`);
}
