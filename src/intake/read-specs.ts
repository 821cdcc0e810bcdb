import type { Candidate } from '../database/accept-specs.ts';
import { harmlessLine } from '../harmless-text.ts';
import type { Permit } from './check-repo.ts';
import type { Input } from './open-input.ts';
import type { BadLine, FieldProblem } from './problem.ts';
import { readLines, type Line } from './read-lines.ts';
import { contentHash, validateSpec } from './validate-spec.ts';

/** What became of one input line: a spec to accept, or what is wrong with it. */
export type Item = { candidate: Candidate; bytes: number } | { bad: BadLine };

/** The specs of JSON Lines files, read as they come; a bad line never stops the others. Throws INPUT_UNREADABLE. */
export async function* readSpecs(inputs: readonly Input[], permit: Permit): AsyncGenerator<Item> {
  for (const input of inputs) {
    for await (const line of readLines(input.open())) yield readSpec(input, line, permit);
  }
}

function readSpec(input: Input, line: Line, permit: Permit): Item {
  const source = `${input.name}:${line.number}`;
  const parsed = parseJson(line);
  if ('problem' in parsed) return { bad: { source, problems: [parsed.problem] } };
  const validated = validateSpec(parsed.value, permit, input.folder);
  if ('problems' in validated) return { bad: { source, problems: validated.problems } };
  const { spec } = validated;
  return { candidate: { spec, contentHash: contentHash(spec), source }, bytes: line.bytes };
}

/** A line's JSON, or why there is none. */
export function parseJson(line: Line): { value: unknown } | { problem: FieldProblem } {
  if (line.text === null) return { problem: wholeLine(line.refused ?? 'cannot be read') };
  try {
    return { value: JSON.parse(line.text) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: wholeLine(`is not JSON: ${harmlessLine(why, 160)}`) };
  }
}

function wholeLine(message: string): FieldProblem {
  return { code: 'SPEC_INVALID', field: '', message };
}
