import { harmlessText } from '../../harmless-text.ts';

const SEARCHED_BYTES = 16 * 1024;
const CHARACTERS = 600;

/** What git itself gave as reason, in one harmless line; '' if it said nothing. */
export function gitsWords(output: string | Buffer): string {
  const text = harmlessText(typeof output === 'string' ? output : output.subarray(-SEARCHED_BYTES));
  const lines = text.split('\n').map((line) => line.trim());
  const reasons = lines.filter((line) => /^(fatal|error|remote: error|ssh):/i.test(line)).slice(0, 4);
  const words = reasons.length > 0 ? reasons : lines.filter((line) => line !== '').slice(-1);
  return words.join('; ').slice(0, CHARACTERS);
}
