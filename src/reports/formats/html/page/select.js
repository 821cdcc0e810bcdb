/**
 * @typedef {object} Wish
 * @property {string} search
 * @property {string} outcome '' for all
 * @property {string} label a label as `name=value`; '' for all
 * @property {string} column
 * @property {1 | -1} direction
 */

/** @type {Record<string, (one: import('./data.js').Evaluation) => string | number>} */
const KEYS = {
  evaluation: (one) => one.name,
  outcome: (one) => one.outcome,
  reason: (one) => one.reason ?? '',
  seconds: (one) => one.work,
  attempts: (one) => one.attempts,
  tests: (one) => one.tests,
};

/** The columns that can be sorted by. */
export const COLUMNS = Object.keys(KEYS);

/** @type {WeakMap<import('./data.js').Evaluation, string>} */
const searched = new WeakMap();
const order = new Intl.Collator('en', { numeric: true });

/**
 * The evaluations that are wished for, in the order that is.
 * @param {import('./data.js').Evaluation[]} evaluations
 * @param {Wish} wish
 */
export function select(evaluations, wish) {
  const parts = wish.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = evaluations.filter(
    (one) =>
      (wish.outcome === '' || one.outcome === wish.outcome) &&
      (wish.label === '' || labelsOf(one).includes(wish.label)) &&
      parts.every((part) => textOf(one).includes(part)),
  );
  const key = KEYS[wish.column];
  return key ? found.toSorted((a, b) => wish.direction * compare(key(a), key(b))) : found;
}

/**
 * The labels of an evaluation as `name=value`.
 * @param {import('./data.js').Evaluation} one
 */
export function labelsOf({ labels }) {
  return Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
}

/** @param {import('./data.js').Evaluation} one */
function textOf(one) {
  const known = searched.get(one);
  if (known !== undefined) return known;
  const { name, reason, code, message } = one;
  const text = [name, one.outcome, reason, code, message, ...labelsOf(one)].join('\n').toLowerCase();
  searched.set(one, text);
  return text;
}

/**
 * @param {string | number} a
 * @param {string | number} b
 */
function compare(a, b) {
  return typeof a === 'number' && typeof b === 'number' ? a - b : order.compare(String(a), String(b));
}
