// What the page shows: JSON in two script tags, written by ../write-html.ts and ../page-data.ts, which say what each field is.

/**
 * @typedef {object} Evaluation
 * @property {string} name
 * @property {string} outcome
 * @property {string} [reason]
 * @property {string} [code]
 * @property {string} [message]
 * @property {string} [next]
 * @property {Record<string, string>} [labels]
 * @property {Record<string, number>} seconds
 * @property {number} work
 * @property {number} attempts
 * @property {number} tests
 * @property {string} [rewards]
 * @property {Array<{ name: string, status: string, message?: string }>} [failed]
 * @property {number} [failedMore]
 * @property {string} [log]
 * @property {string} [logPath]
 * @property {string} [provider]
 * @property {string} [startedAt]
 */

/**
 * @typedef {object} LabelTable
 * @property {string} name
 * @property {Array<{ value: string, rate: string, outcomes: Record<string, number> }>} values
 */

/**
 * @typedef {object} Run
 * @property {string} batch
 * @property {string} headline
 * @property {string} facts
 * @property {string} leftOut
 * @property {string[]} outcomes
 * @property {string[]} stages
 * @property {LabelTable[]} labels
 * @property {{ total: number, tasks: Array<{ task: string, passed: number, graded: number, samples: number }> }} flaky
 * @property {{ lines: string[], total: number, flips: Array<{ task: string, direction: string, kind: string, before: string, now: string }> } | null} comparison
 */

/** @returns {Run} */
export function readRun() {
  return JSON.parse(contentOf('run'));
}

/** @returns {Evaluation[]} */
export function readEvaluations() {
  return JSON.parse(contentOf('data'));
}

/** @param {string} id */
function contentOf(id) {
  return document.getElementById(id)?.textContent ?? '';
}
