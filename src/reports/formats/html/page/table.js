import { details } from './details.js';
import { element, find } from './dom.js';
import { words } from './overview.js';
import { COLUMNS, labelsOf, select } from './select.js';

const PAGE = 100;
const NUMBERS = new Set(['seconds', 'attempts', 'tests']);
// A select with more is of no use, and the search finds labels too.
const MOST_LABELS = 500;

/**
 * The table of evaluations, a page at a time, with what narrows and sorts it.
 * @param {import('./data.js').Run} run
 * @param {import('./data.js').Evaluation[]} evaluations
 */
export function showTable(run, evaluations) {
  /** @type {import('./select.js').Wish} */
  const wish = { search: '', outcome: '', label: '', column: '', direction: 1 };
  let found = evaluations;
  let page = 0;
  const draw = () => {
    const first = page * PAGE;
    find('rows').replaceChildren(...found.slice(first, first + PAGE).map((one) => rowOf(one, run.stages)));
    const last = Math.min(found.length, first + PAGE);
    find('shown').textContent =
      `${found.length === 0 ? 0 : first + 1} to ${last} of ${found.length}` +
      (found.length < evaluations.length ? ` that match, of ${evaluations.length}` : '');
    find('previous').toggleAttribute('disabled', page === 0);
    find('next').toggleAttribute('disabled', last >= found.length);
  };
  const refresh = () => {
    found = select(evaluations, wish);
    page = 0;
    draw();
  };
  const turn = (/** @type {number} */ by) => {
    page += by;
    draw();
    find('evaluations').scrollIntoView();
  };
  showFilters(wish, refresh, { outcomes: run.outcomes, evaluations });
  showHead(wish, refresh);
  find('previous').addEventListener('click', () => turn(-1));
  find('next').addEventListener('click', () => turn(1));
  draw();
}

/**
 * @param {import('./select.js').Wish} wish
 * @param {() => void} refresh
 * @param {{ outcomes: string[], evaluations: import('./data.js').Evaluation[] }} of
 */
function showFilters(wish, refresh, { outcomes, evaluations }) {
  const labels = [...new Set(evaluations.flatMap(labelsOf))].toSorted().slice(0, MOST_LABELS);
  find('outcome').append(...['', ...outcomes].map((value) => option(value, words(value))));
  find('label').append(...['', ...labels].map((value) => option(value, value)));
  for (const name of /** @type {const} */ (['search', 'outcome', 'label'])) {
    find(name).addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement)
        wish[name] = target.value;
      refresh();
    });
  }
}

/**
 * @param {string} value
 * @param {string} text
 */
function option(value, text) {
  return element('option', { value }, text === '' ? 'all' : text);
}

/**
 * @param {import('./select.js').Wish} wish
 * @param {() => void} refresh
 */
function showHead(wish, refresh) {
  const cells = COLUMNS.map((column) => {
    const button = element('button', { type: 'button' }, column);
    const cell = element('th', { scope: 'col', ...(NUMBERS.has(column) ? { class: 'number' } : {}) }, button);
    button.addEventListener('click', () => {
      wish.direction = wish.column === column && wish.direction === 1 ? -1 : 1;
      wish.column = column;
      for (const other of cells) other.removeAttribute('aria-sort');
      cell.setAttribute('aria-sort', wish.direction === 1 ? 'ascending' : 'descending');
      refresh();
    });
    return cell;
  });
  find('head').append(element('tr', {}, ...cells));
}

/**
 * @param {import('./data.js').Evaluation} one
 * @param {string[]} stages
 */
function rowOf(one, stages) {
  const button = element('button', { type: 'button', 'aria-expanded': 'false' }, one.name);
  const row = element(
    'tr',
    {},
    element('th', { scope: 'row' }, button),
    element('td', { class: one.outcome }, words(one.outcome)),
    element('td', {}, one.reason ?? ''),
    ...[one.work.toFixed(1), one.attempts, one.tests].map((value) =>
      element('td', { class: 'number' }, String(value)),
    ),
  );
  button.addEventListener('click', () => {
    const open = button.getAttribute('aria-expanded') === 'true';
    button.setAttribute('aria-expanded', String(!open));
    if (open) row.nextElementSibling?.remove();
    else {
      const cell = element('td', { colspan: String(COLUMNS.length) }, details(one, stages));
      row.after(element('tr', { class: 'details' }, cell));
    }
  });
  return row;
}
