// All text reaches the page as text: nothing here or elsewhere reads markup.

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {Array<string | Node>} children
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * The element of the page with this id.
 * @param {string} id
 */
export function find(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

// A table with more rows is folded: what follows would be far down.
const UNFOLDED = 12;

/**
 * A table with a caption.
 * @param {string} caption
 * @param {string[]} head
 * @param {Array<Array<string | number>>} rows
 */
export function table(caption, head, rows) {
  const top = head.map((name, at) => element('th', { scope: 'col', ...numberClass(rows[0]?.[at]) }, name));
  const body = rows.map((cells) => element('tr', {}, ...cells.map(cell)));
  const parts = [element('thead', {}, element('tr', {}, ...top)), element('tbody', {}, ...body)];
  if (rows.length <= UNFOLDED) return wide(element('table', {}, element('caption', {}, caption), ...parts));
  const folded = wide(element('table', { 'aria-label': caption }, ...parts));
  return element('details', {}, element('summary', {}, `${caption} (${rows.length} rows)`), folded);
}

/** @param {Node} content */
function wide(content) {
  return element('div', { class: 'wide' }, content);
}

/**
 * @param {string | number} content
 * @param {number} at
 */
function cell(content, at) {
  if (at === 0) return element('th', { scope: 'row' }, String(content));
  return element('td', numberClass(content), String(content));
}

/**
 * @param {string | number | undefined} content
 * @returns {Record<string, string>}
 */
function numberClass(content) {
  return typeof content === 'number' ? { class: 'number' } : {};
}
