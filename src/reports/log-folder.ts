import { createHash } from 'node:crypto';

const LONGEST = 150;

/** Folder name of an evaluation's logs: no two evaluations share one, whatever their ids, and none leaves its parent. */
export function logFolder(id: string, sample: number): string {
  return `${folderName(id)}-${sample}`;
}

/** A name as that of a folder, one for each: `/` becomes `+`, other unusual bytes `%xx`, and a long one is cut. */
export function folderName(name: string): string {
  const safe = [...Buffer.from(name)].map((byte, at) => safeByte(byte, at)).join('');
  if (safe.length <= LONGEST) return safe;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${safe.slice(0, LONGEST)}%${hash}`;
}

function safeByte(byte: number, at: number): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '+';
  // A name that starts with - is read as an option, one that starts with . is hidden.
  const usual = at === 0 ? /[A-Za-z0-9_]/ : /[A-Za-z0-9_.-]/;
  return usual.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}
