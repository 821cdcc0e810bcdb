import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Blobs } from '../../blobs/blobs.ts';
import type { Basis, KeptReport } from '../../result.ts';
import type { Keeping } from '../evidence.ts';
import { MAX_REPORT_BYTES, type Gathered } from './gather-report.ts';
import type { TestRun } from '../stages/run-tests.ts';

// 1. Keeps what a verdict is made from, so that it can be made again: how the tests ended, and the report before it is parsed.
// 2. Gives the report back as it was.

/** Most bytes of a gzipped report that are kept. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const FASTEST = 1;

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Stores the report beside the logs and says what the verdict rests on. Throws STORE_FAILED. */
export async function keepBasis(
  { blobs, keyPrefix }: Pick<Keeping, 'blobs' | 'keyPrefix'>,
  { signal, limit }: Pick<TestRun, 'signal' | 'limit'>,
  gathered: Gathered | null,
): Promise<Basis> {
  if (gathered === null) return { signal, limit, report: null };
  const { files, unread } = gathered;
  const kept: KeptReport = { blob: null, files: files.map(({ byteLength }) => byteLength), unread };
  if (unread !== null) return { signal, limit, report: kept };
  const content = await compress(Buffer.concat(files), { level: FASTEST });
  if (content.byteLength > MAX_KEPT_BYTES) return { signal, limit, report: kept };
  const blob = `${keyPrefix}/report.gz`;
  await blobs.put(blob, content);
  return { signal, limit, report: { ...kept, blob } };
}

/** The report as it was gathered; null: it was not kept, or is no longer there. Throws STORE_FAILED. */
export async function readKept(blobs: Blobs, { blob, files, unread }: KeptReport): Promise<Gathered | null> {
  if (unread !== null) return { files: [], unread };
  const content = blob === null ? null : await blobs.read(blob);
  if (content === null) return null;
  const whole = await expand(content, { maxOutputLength: MAX_REPORT_BYTES });
  let at = 0;
  return { files: files.map((bytes) => whole.subarray(at, (at += bytes))), unread: null };
}
