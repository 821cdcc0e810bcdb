import { element } from './dom.js';

/**
 * Seconds by stage, one after the other, as a bar: as long as its share of `longest`.
 * @param {Record<string, number>} seconds
 * @param {string[]} stages
 * @param {number} longest
 */
export function stageBar(seconds, stages, longest) {
  const told = stages.filter((stage) => (seconds[stage] ?? 0) > 0);
  const bar = element('div', { class: 'bar', role: 'img', 'aria-label': stageText(seconds, stages) });
  for (const stage of told) {
    const part = element('span', { class: `stage-${stage}`, title: partText(stage, seconds) });
    part.style.width = `${(100 * (seconds[stage] ?? 0)) / (longest || 1)}%`;
    bar.append(part);
  }
  return bar;
}

/**
 * @param {Record<string, number>} seconds
 * @param {string[]} stages
 */
export function stageText(seconds, stages) {
  return stages
    .filter((stage) => stage in seconds)
    .map((stage) => partText(stage, seconds))
    .join(' · ');
}

/**
 * @param {string} stage
 * @param {Record<string, number>} seconds
 */
function partText(stage, seconds) {
  return `${stage} ${(seconds[stage] ?? 0).toFixed(2)} s`;
}
