import { createHash } from 'node:crypto';

const LONGEST = 150;

/**
 * Folder name of an evaluation's logs: no two evaluations share one, whatever their ids, and none leaves its parent.
 * `/` becomes `+`, other unusual bytes `%xx`.
 */
export function logFolder(id: string, sample: number): string {
  const safe = [...Buffer.from(id)].map((byte, at) => safeByte(byte, at)).join('');
  if (safe.length <= LONGEST) return `${safe}-${sample}`;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${safe.slice(0, LONGEST)}%${hash}-${sample}`;
}

function safeByte(byte: number, at: number): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '+';
  // A name that starts with - is read as an option, one that starts with . is hidden.
  const usual = at === 0 ? /[A-Za-z0-9_]/ : /[A-Za-z0-9_.-]/;
  return usual.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}
