import { element, find, table } from './dom.js';
import { stageBar } from './stages.js';

const SLOWEST = 20;

/**
 * Everything above the table of evaluations.
 * @param {import('./data.js').Run} run
 * @param {import('./data.js').Evaluation[]} evaluations
 */
export function showOverview(run, evaluations) {
  find('batch').textContent = run.batch;
  find('headline').textContent = run.headline;
  find('facts').textContent = run.facts;
  find('left-out').textContent = run.leftOut;
  find('left-out').hidden = run.leftOut === '';
  showComparison(run);
  showLabels(run);
  showFlaky(run);
  showSlowest(run, evaluations);
}

/** @param {import('./data.js').Run} run */
function showComparison({ comparison }) {
  if (!comparison) return;
  const lines = comparison.lines.map((line) => element('p', {}, line));
  const rows = comparison.flips.map(({ task, direction, kind, before, now }) => [
    task,
    direction,
    kind,
    before,
    now,
  ]);
  const caption = `Tasks that flipped: ${comparison.total}${more(comparison.total, rows.length)}`;
  const head = ['task', 'direction', 'worth', 'passed before', 'passed now'];
  show('comparison', ...lines, ...(rows.length > 0 ? [table(caption, head, rows)] : []));
}

/** @param {import('./data.js').Run} run */
function showLabels({ labels, outcomes }) {
  if (labels.length === 0) return;
  const tables = labels.map(({ name, values }) => {
    const rows = values.map(({ value, rate, outcomes: counts }) => [
      value,
      rate,
      ...outcomes.map((outcome) => counts[outcome] ?? 0),
    ]);
    return table(name, [name, 'pass rate', ...outcomes.map(words)], rows);
  });
  show('labels', ...tables);
}

/** @param {import('./data.js').Run} run */
function showFlaky({ flaky }) {
  if (flaky.total === 0) return;
  const rows = flaky.tasks.map(({ task, passed, graded, samples }) => [task, passed, graded, samples]);
  const caption = `Tasks: ${flaky.total}${more(flaky.total, rows.length)}`;
  show('flaky', table(caption, ['task', 'passed', 'graded', 'samples'], rows));
}

/**
 * @param {import('./data.js').Run} run
 * @param {import('./data.js').Evaluation[]} evaluations
 */
function showSlowest({ stages }, evaluations) {
  const slowest = evaluations.toSorted((a, b) => b.work - a.work).slice(0, SLOWEST);
  const longest = slowest[0]?.work ?? 0;
  if (longest === 0) return;
  const worked = stages.filter((stage) => stage !== 'queue');
  for (const stage of worked) find('legend').append(element('span', { class: `key stage-${stage}` }), stage);
  const items = slowest.map(({ name, outcome, work, seconds }) => {
    const line = [name, ` ${work.toFixed(1)} s `, element('span', { class: outcome }, words(outcome))];
    return element('li', {}, ...line, stageBar(seconds, worked, longest));
  });
  show('slowest', element('ol', {}, ...items));
}

/**
 * @param {string} id
 * @param {Node[]} content
 */
function show(id, ...content) {
  const section = find(id);
  section.append(...content);
  section.hidden = false;
}

/**
 * @param {number} total
 * @param {number} shown
 */
function more(total, shown) {
  return shown < total ? `, of which ${shown} are shown` : '';
}

/**
 * An outcome as people say it.
 * @param {string} outcome
 */
export function words(outcome) {
  return outcome.replace('_', ' ');
}
