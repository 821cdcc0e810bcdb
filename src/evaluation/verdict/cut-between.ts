import { UnreadableReport } from '../parsers/reported.ts';

/**
 * What stands between the line that holds one text and the line that holds another. Each must be there exactly once: of several
 * one cannot tell which the candidate printed. Throws UnreadableReport.
 */
export function cutBetween(bytes: Uint8Array, marks: readonly [string, string]): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [begin, end] = marks.map((mark) => placeOf(text, mark));
  if (begin === undefined || end === undefined || begin > end)
    throw new UnreadableReport(`${JSON.stringify(marks[1])} stands before ${JSON.stringify(marks[0])}`);
  const first = text.indexOf('\n', begin) + 1;
  const last = text.lastIndexOf('\n', end) + 1;
  return first === 0 || first > last ? text.subarray(0, 0) : text.subarray(first, last);
}

function placeOf(text: Buffer, mark: string): number {
  const at = text.indexOf(mark);
  if (at === -1) throw new UnreadableReport(`${JSON.stringify(mark)} was never printed`);
  if (text.includes(mark, at + 1)) throw new UnreadableReport(`${JSON.stringify(mark)} was printed twice`);
  return at;
}
