/* eslint-disable no-control-regex -- control characters are what this file removes */

// Every expression here is linear in text of a candidate: none can begin anew inside of what it has looked at in vain.
// (Node's stripVTControlCharacters takes a minute for 200 KB of `;#` behind an escape.)

const ESCAPES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-Z\\^-~]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text of a candidate as a terminal or a page may show it: no escape codes, nothing invisible; tabs and line ends stay. */
export function harmlessText(raw: string | Uint8Array): string {
  const text = typeof raw === 'string' ? raw : new TextDecoder().decode(raw);
  return withoutEscapes(text)
    .replaceAll(/\r+\n?/g, '\n')
    .replaceAll(CONTROL, '\ufffd')
    .replaceAll(LONE_SURROGATE, '\ufffd');
}

/** Text without a terminal's escape codes: colours, cursor, titles. */
export function withoutEscapes(text: string): string {
  return text.replaceAll(ESCAPES, '');
}

/** One line of harmless text of at most this many characters. */
export function harmlessLine(raw: string | Uint8Array, characters: number): string {
  const parts = harmlessText(raw)
    .split('\n')
    .map((part) => part.trim());
  return cutLine(parts.filter((part) => part !== '').join(' '), characters);
}

/** The last lines of a log as harmless text, each cut to `characters`. */
export function harmlessTail(raw: string | Uint8Array, lines: number, characters: number): string {
  const all = harmlessText(raw).trimEnd().split('\n');
  return all
    .slice(-lines)
    .map((line) => cutLine(line.trimEnd(), characters))
    .join('\n');
}

function cutLine(line: string, characters: number): string {
  return line.length <= characters ? line : `${line.slice(0, characters - 1)}…`;
}
