import { EvalpoolError } from '../../errors.ts';
import { openInput, type Input } from '../open-input.ts';
import { problemText, type BadLine, type FieldProblem } from '../problem.ts';
import { readLines } from '../read-lines.ts';
import { parseJson } from '../read-specs.ts';
import { readEntries } from './read-entries.ts';

/** One row of a data set or of a file of predictions. */
export interface Row {
  /** `file:line` where it begins. */
  source: string;
  value: unknown;
  /** Its name, in a JSON object that is keyed by it. */
  key: string | undefined;
  bytes: number;
}

/**
 * The rows of JSON Lines, or of a JSON list or object, as they come; the name of the file decides (`.json`, `.json.gz`: a list or an
 * object). Throws INPUT_UNREADABLE.
 */
export async function* readRows(path: string): AsyncGenerator<Row | { bad: BadLine }> {
  if (/\.(?:parquet|arrow|csv)(?:\.gz)?$/.test(path)) {
    const how = "expected JSON or JSON Lines; Python's `datasets` writes it: dataset.to_json(FILE)";
    throw new EvalpoolError('INPUT_UNREADABLE', `${path}: ${how}`);
  }
  for (const file of await openInput(path)) {
    if (/\.json(?:\.gz)?$/.test(file.name)) yield* readDocument(file);
    else yield* readJsonLines(file);
  }
}

async function* readJsonLines(file: Input): AsyncGenerator<Row | { bad: BadLine }> {
  for await (const line of readLines(file.open())) {
    const source = `${file.name}:${line.number}`;
    const json = parseJson(line);
    if ('problem' in json) yield { bad: { source, problems: [json.problem] } };
    else yield { source, value: json.value, key: undefined, bytes: line.bytes };
  }
}

async function* readDocument(file: Input): AsyncGenerator<Row | { bad: BadLine }> {
  for await (const entry of readEntries(file)) {
    const source = `${file.name}:${entry.number}`;
    const json = parseJson(entry);
    if ('problem' in json) yield { bad: { source, problems: [json.problem] } };
    else if (!entry.keyed) yield { source, value: json.value, key: undefined, bytes: entry.bytes };
    else {
      const [key, value] = Object.entries(Object(json.value))[0] ?? ['', null];
      yield { source, value, key, bytes: entry.bytes };
    }
  }
}

/** The rows of a data set, of which each must be readable. Throws INPUT_UNREADABLE. */
export async function* readWhole(path: string): AsyncGenerator<Row> {
  for await (const row of readRows(path)) {
    if ('bad' in row) throw unreadable(row.bad.source, row.bad.problems);
    yield row;
  }
}

/** The error of a data set that cannot be read whole. */
export function unreadable(source: string, problems: readonly FieldProblem[]): EvalpoolError {
  return new EvalpoolError('INPUT_UNREADABLE', `${source}: ${problemText(problems)}`);
}
