import { EvalpoolError } from '../../errors.ts';
import { nearestOf } from '../../explain-issue.ts';
import { writeCsv } from './csv.ts';
import { writeCtrf } from './ctrf.ts';
import { writeEvalPlus } from './eval-plus.ts';
import type { Format, Wish, Wishes } from './format.ts';
import { writeHtml } from './html/write-html.ts';
import { writeHumanEval } from './human-eval.ts';
import { writeInspect } from './inspect.ts';
import { writeJunit } from './junit.ts';
import { writeMarkdown } from './markdown.ts';
import { writeSweBench } from './swe-bench/write-swe-bench.ts';

/** Every form that results can be exported in; help, errors and docs/formats.md (tested) come from here. */
export const FORMATS: Readonly<Record<string, Format>> = {
  csv: {
    about: 'a row for each result, for spreadsheets and data frames',
    takes: [],
    text: writeCsv,
  },
  junit: {
    about: 'JUnit XML, as CI servers show it',
    takes: ['tests'],
    text: writeJunit,
  },
  ctrf: {
    about: 'Common Test Report Format, JSON (ctrf.io)',
    takes: ['tests'],
    text: writeCtrf,
  },
  swebench: {
    about: "a folder as SWE-bench's harness writes it: run report, and each instance's",
    takes: ['samples', 'instances', 'model'],
    files: writeSweBench,
  },
  humaneval: {
    about: "HumanEval's <samples>_results.jsonl",
    takes: ['samples'],
    needs: 'samples',
    text: writeHumanEval,
  },
  evalplus: {
    about: "EvalPlus's eval_results.json",
    takes: ['samples'],
    needs: 'samples',
    text: writeEvalPlus,
  },
  inspect: {
    about: "JSON Lines for Inspect's precomputed_scores()",
    takes: [],
    text: writeInspect,
  },
  markdown: {
    about: "GitHub's Markdown, for a comment or a step's summary",
    takes: ['against'],
    text: writeMarkdown,
  },
  html: {
    about: 'one page for a browser, to search, filter and sort; needs no network',
    takes: ['against'],
    text: writeHtml,
  },
};

/** The names of all forms. */
export const FORMAT_NAMES = Object.keys(FORMATS);

/** The form of that name, if it takes and has what is wished. `said`: how it was asked for. Throws USAGE. */
export function findFormat(name: string, wishes: Wishes, said: string): Format {
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!format) {
    throw new EvalpoolError(
      'USAGE',
      `${said}: no form is called '${name}'; ${nearestOf(name, FORMAT_NAMES)}`,
    );
  }
  const wished = (['tests', 'samples', 'instances', 'against', 'model'] as const).filter(
    (wish) => wishes[wish] !== undefined,
  );
  const refused = wished.find((wish) => !format.takes.includes(wish));
  if (refused !== undefined) {
    throw new EvalpoolError(
      'USAGE',
      `${said}: ${name} does not take --${refused}, but ${takers(refused)} do`,
    );
  }
  if (format.needs !== undefined && !wished.includes(format.needs)) {
    throw new EvalpoolError('USAGE', `${said}: ${name} needs --${format.needs}`);
  }
  return format;
}

function takers(wish: Wish): string {
  return FORMAT_NAMES.filter((name) => FORMATS[name]?.takes.includes(wish)).join(', ');
}
