import { element } from './dom.js';
import { labelsOf } from './select.js';
import { stageBar, stageText } from './stages.js';

/**
 * All that is known of one evaluation.
 * @param {import('./data.js').Evaluation} one
 * @param {string[]} stages
 */
export function details(one, stages) {
  const { code, message, next, failed, failedMore, log, logPath, provider, startedAt, attempts, rewards } =
    one;
  const total = Object.values(one.seconds).reduce((sum, seconds) => sum + seconds, 0);
  const labels = labelsOf(one);
  const facts = [
    provider && `at ${provider}`,
    startedAt && `from ${startedAt}`,
    `attempts ${attempts}`,
    rewards && `rewards ${rewards}`,
  ].filter(Boolean);
  return element(
    'div',
    {},
    ...(message ? [element('p', {}, `${code ? `${code}: ` : ''}${message}`)] : []),
    ...(next ? [element('p', { class: 'quiet' }, next)] : []),
    ...(labels.length > 0 ? [element('p', {}, labels.join(' · '))] : []),
    element('p', { class: 'quiet' }, facts.join(', ')),
    stageBar(one.seconds, stages, total),
    element('p', { class: 'quiet' }, stageText(one.seconds, stages)),
    ...(failed ? [failedTests(failed, failedMore ?? 0)] : []),
    ...(log ? [element('p', {}, 'The last lines of its log:'), element('pre', { tabindex: '0' }, log)] : []),
    ...(logPath ? [element('p', { class: 'quiet' }, `The whole log: ${logPath}`)] : []),
  );
}

/**
 * @param {NonNullable<import('./data.js').Evaluation['failed']>} failed
 * @param {number} more
 */
function failedTests(failed, more) {
  const items = failed.map(({ name, status, message }) =>
    element('li', {}, `${name} (${status})`, ...(message ? [`: ${message}`] : [])),
  );
  if (more > 0) items.push(element('li', {}, `and ${more} more`));
  return element('ul', { 'aria-label': 'Tests that failed' }, ...items);
}
