import { join } from 'node:path';
import { harmlessLine } from '../../harmless-text.ts';
import { plainTable } from '../plain-table.ts';
import type { Interval } from '../statistics/wilson.ts';
import { percent } from '../summary-line.ts';
import type { PassAt, SampleFigures } from './sample-figures.ts';

/** The tasks whose samples disagree, and pass@k; '' without figures. */
export function showSamples(figures: SampleFigures | null, out: string): string {
  if (!figures) return '';
  const { tasks, most, ungraded, mixed } = figures;
  const whole = `${tasks} tasks, up to ${most} samples each; samples disagree in ${mixed}, none graded in ${ungraded}`;
  return [showMixed(figures, out), [whole, ...figures.passAt.map(showPassAt)].join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

/** An interval of a rate, in percent. */
export function showInterval(interval: Interval | null): string {
  return interval ? ` [${percent(interval.low)}–${percent(interval.high)}]` : '';
}

function showPassAt({ k, rate, interval, tasks, short }: PassAt): string {
  const told = rate === null ? '–' : `${percent(rate)} %${showInterval(interval)}`;
  const left = short > 0 ? `; ${short} have fewer than ${k} graded samples and are left out` : '';
  return `pass@${k} ${told} of ${tasks} of ${tasks + short} tasks${left}`;
}

function showMixed({ firstMixed, mixed }: SampleFigures, out: string): string {
  if (mixed === 0) return '';
  const table = plainTable(['samples disagree', 'passed', 'graded', 'samples']);
  for (const { task, passed, graded, samples } of firstMixed)
    table.push([harmlessLine(task, 60), passed, graded, samples]);
  const rest = mixed - firstMixed.length;
  const more = rest > 0 ? `\nand ${rest} more: ${join(out, 'tasks.jsonl')}` : '';
  return `${table.toString().replaceAll(/ +$/gm, '')}${more}`;
}
