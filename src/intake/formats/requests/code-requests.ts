import type { z } from 'zod';
import { quote } from '../../../shell-quote.ts';
import type { Content, SpecInput } from '../../../spec.ts';
import type { Item } from '../../read-specs.ts';
import { given, type FormatInput } from '../format-input.ts';
import { findLanguage, LANGUAGE_NAMES } from './languages.ts';
import { badItem, fieldProblem, makeItem } from '../make-item.ts';
import { parseRow } from '../parse-row.ts';
import { readRows, type Row } from '../read-rows.ts';
import { readTemplates, templateFields, type Templates } from '../templates.ts';

/** A request to run code, as any of the services has it. */
export interface CodeRequest {
  id: string | undefined;
  language: string;
  /** The program; its name, where the request says it. */
  main: { name: string | undefined; content: Content };
  files: Record<string, Content>;
  stdin: string;
  args: readonly string[];
  buildTimeoutS: number;
  runTimeoutS: number;
}

const FOLDER = '/home/user/request';
const STDIN = '.evalpool-stdin';

/** Requests as specs, one each: what runs without a failing exit status has passed. Throws INPUT_UNREADABLE. */
export async function* readRequests(
  dataset: string,
  form: z.ZodType<CodeRequest>,
  from: FormatInput,
): AsyncGenerator<Item> {
  const templates = from.templates === undefined ? undefined : await readTemplates(from.templates);
  const seen = new Map<string, number>();
  let number = 0;
  for await (const row of readRows(given(from.input))) {
    number += 1;
    if ('bad' in row) {
      yield row;
      continue;
    }
    const read = parseRow(row.value, form);
    if ('problems' in read) {
      yield badItem(row.source, read.problems);
      continue;
    }
    const id = read.value.id ?? `request-${number}`;
    const sample = seen.get(id) ?? 0;
    seen.set(id, sample + 1);
    yield requestItem(read.value, { base: { id, sample, labels: { dataset } }, row, templates });
  }
}

function requestItem(
  request: CodeRequest,
  { base, row, templates }: { base: Omit<SpecInput, 'test'>; row: Row; templates: Templates | undefined },
): Item {
  const language = findLanguage(request.language);
  const entry = templates?.(request.language, base.id);
  if (!language) {
    const message = `expected one of ${LANGUAGE_NAMES.join(', ')}, there was ${JSON.stringify(request.language.slice(0, 60))}`;
    return badItem(row.source, [fieldProblem('language', message)]);
  }
  if (templates && !entry) {
    const message = `no template covers image "${request.language}"; add it to the table of --templates`;
    return badItem(row.source, [{ code: 'TEMPLATE_NOT_FOUND', field: 'language', message }]);
  }
  const { timeouts, ...fields } = templateFields(entry ?? {});
  const file = request.main.name ?? language.file;
  const spec: SpecInput = {
    ...base,
    repoDir: FOLDER,
    ...fields,
    files: { ...request.files, [file]: request.main.content, [STDIN]: request.stdin },
    ...(language.build ? { build: language.build(file) } : {}),
    test: [language.run(file), ...request.args.map(quote), '<', STDIN].join(' '),
    timeouts: { build: request.buildTimeoutS, test: request.runTimeoutS, ...timeouts },
    labels: { ...base.labels, language: request.language },
  };
  return makeItem(spec, { source: row.source, bytes: row.bytes });
}
