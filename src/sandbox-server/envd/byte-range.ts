import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../refusal.ts';

/** Which bytes of a file are asked for. */
export interface ByteRange {
  start: number;
  /** One past the last byte. */
  end: number;
  size: number;
}

/** The bytes that a request asks for; all where it says nothing we understand, as HTTP wants. Throws 416. */
export function readRange(
  headers: IncomingHttpHeaders,
  { size, modifiedAt }: { size: number; modifiedAt: Date },
): ByteRange {
  const whole = { start: 0, end: size, size };
  const changed = headers['if-range'] !== undefined && headers['if-range'] !== modifiedAt.toUTCString();
  // One range only: to several a server may answer with the whole.
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (changed || size === 0 || first + last === '') return whole;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end, size };
  throw new Refusal(416, `the file has ${size} bytes`, { 'content-range': `bytes */${size}` });
}

/** Whether a request wants a file only if it has changed, and it has not. Throws 412 where it wants the opposite in vain. */
export function isUnchanged(headers: IncomingHttpHeaders, modifiedAt: Date): boolean {
  const modified = Math.floor(modifiedAt.getTime() / 1000) * 1000; // HTTP dates have seconds
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']];
  const isNewerThan = (date: string | undefined): boolean => modified > Date.parse(date ?? '');
  // We give no entity tags, so only `*` matches.
  if (match === undefined ? isNewerThan(headers['if-unmodified-since']) : match !== '*')
    throw new Refusal(412, 'the file is not as it was');
  if (noneMatch !== undefined) return noneMatch === '*';
  return modified <= Date.parse(headers['if-modified-since'] ?? '');
}
