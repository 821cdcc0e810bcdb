import type { Flake, Ledger } from '../database/read-flakes.ts';
import { harmlessLine } from '../harmless-text.ts';
import { plainTable } from './plain-table.ts';

const SHOWN = 50;

/** The flake ledger as text: newly flaky ones first, at most 50. */
export function showFlakes({ repeated, flakes }: Ledger): string {
  const newly = flakes.filter(({ since }) => since === 'newly');
  const tasks = flakes.filter(({ test }) => test === null).length;
  const told = `${repeated} specs have more than one verdict: ${tasks} of them flaky, ${flakes.length - tasks} flaky tests, ${newly.length} newly`;
  if (flakes.length === 0) return told;
  const table = plainTable(['task', 'test', 'passed', 'since']);
  const known = flakes.filter(({ since }) => since === 'known');
  for (const flake of [...newly, ...known].slice(0, SHOWN)) table.push(rowOf(flake));
  const rest = flakes.length - SHOWN;
  const more = rest > 0 ? `\nand ${rest} more: --json lists all` : '';
  return `${table.toString().replaceAll(/ +$/gm, '')}${more}\n\n${told}`;
}

/** The flaky tests, and the flaky tasks that have none, as lines of a quarantine file. */
export function listFlakes({ flakes }: Ledger): string {
  const tests = flakes.filter(({ test }) => test !== null);
  const told = new Set(tests.map(({ task }) => task));
  const tasks = flakes.filter(({ task, test }) => test === null && !told.has(task));
  const lines = [...tasks, ...tests].map(({ task, test }) => (test === null ? task : `${task}\t${test}`));
  return [`# ${tasks.length} flaky tasks, ${tests.length} flaky tests`, ...lines].join('\n');
}

function rowOf({ task, test, passed, seen, since }: Flake): string[] {
  const name = test === null ? '(verdict)' : harmlessLine(test, 80);
  return [harmlessLine(task, 60), name, `${passed} of ${seen}`, since === 'newly' ? 'newly' : ''];
}
