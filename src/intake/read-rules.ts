import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { EvalpoolError } from '../errors.ts';
import { Spec, type SpecInput } from '../spec.ts';
import { findProblems, problemText } from './problem.ts';
import { readLines } from './read-lines.ts';
import { parseJson } from './read-specs.ts';

/** What is to decide instead of what a spec says. Null takes the field away; one that is left out stays as it is. */
const Rules = z.strictObject({
  id: Spec.shape.id.optional(),
  expect: Spec.shape.expect.unwrap().nullable().optional(),
  report: Spec.shape.report.unwrap().nullable().optional(),
});
type Rules = z.output<typeof Rules>;
const SCHEMA: object = z.toJSONSchema(Rules, { io: 'input', unrepresentable: 'any' });
const RULES = { name: 'a rule', schema: SCHEMA };

/** Other rules for the tasks of a batch. */
export interface RuleBook {
  /** The spec with its task's rules; field by field those of the task go before those for all. */
  change(spec: SpecInput): SpecInput;
  /** Tasks that have rules of their own. */
  tasks: ReadonlySet<string>;
}

/** The rules that every spec has already. */
export const OWN_RULES: RuleBook = { change: (spec) => spec, tasks: new Set() };

/**
 * Reads a file of rules: a line of {id, expect?, report?} for each task, and at most one without id, which holds for all. The
 * file may also be one such object. Throws SPEC_INVALID, which names line and field, and INPUT_UNREADABLE.
 */
export async function readRules(path: string): Promise<RuleBook> {
  const byTask = new Map<string | undefined, Rules>();
  for await (const { where, value } of readValues(path)) {
    const parsed = Rules.safeParse(value);
    if (!parsed.success) throw wrong(`${where}: ${problemText(findProblems(parsed.error, value, RULES))}`);
    const { id } = parsed.data;
    if (byTask.has(id)) {
      const whose = id === undefined ? 'without id, which hold for all,' : `for ${JSON.stringify(id)}`;
      throw wrong(`${where}: id: there are rules ${whose} already`);
    }
    byTask.set(id, parsed.data);
  }
  if (byTask.size === 0) throw wrong(`${path} holds no rules`);
  return makeBook(byTask);
}

function makeBook(byTask: ReadonlyMap<string | undefined, Rules>): RuleBook {
  const forAll = byTask.get(undefined);
  return {
    tasks: new Set([...byTask.keys()].filter((id) => id !== undefined)),
    change: (spec) => changeSpec(changeSpec(spec, forAll), byTask.get(spec.id)),
  };
}

function changeSpec(spec: SpecInput, { expect, report }: Partial<Rules> = {}): SpecInput {
  const changed = { ...spec };
  if (expect !== undefined) delete changed.expect;
  if (report !== undefined) delete changed.report;
  return { ...changed, ...(expect ? { expect } : {}), ...(report ? { report } : {}) };
}

async function* readValues(path: string): AsyncGenerator<{ where: string; value: unknown }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('INPUT_UNREADABLE', `${path} cannot be read: ${why}`, { cause: error });
  });
  const whole = parseWhole(bytes);
  if (whole !== undefined) return yield { where: `${path}:1`, value: whole };
  for await (const line of readLines(Readable.from([bytes]))) {
    const where = `${path}:${line.number}`;
    const parsed = parseJson(line);
    if ('problem' in parsed) throw wrong(`${where}: ${parsed.problem.message}`);
    yield { where, value: parsed.value };
  }
}

// People write one rule for all over several lines.
function parseWhole(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function wrong(message: string): EvalpoolError {
  return new EvalpoolError('SPEC_INVALID', message);
}
