import pLimit from 'p-limit';
import { EvalpoolError } from '../../errors.ts';
import { harmlessLine } from '../../harmless-text.ts';
import type { Spec } from '../../spec.ts';
import type { Keeping } from '../evidence.ts';
import { listFiles, type FoundFile } from './list-files.ts';
import type { Desk } from '../open-desk.ts';

const MAX_FILES = 200;
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_ALL_BYTES = 128 * 1024 * 1024;
const AT_ONCE = 4;

/** Keeps the files that the spec's `artifacts` find. What is above the bounds is left out and said so in the log. */
export async function collectArtifacts(desk: Desk, spec: Spec, to: Keeping): Promise<void> {
  if (spec.artifacts.length === 0) return;
  const found = await listFiles(desk, spec.repoDir, { globs: spec.artifacts, max: MAX_FILES });
  if (found.more) desk.log.write(`evalpool: only the first ${MAX_FILES} artifacts are kept\n`);
  const limit = pLimit(AT_ONCE);
  await Promise.all(
    withinBounds(desk, found.files).map((file, number) => limit(() => keep(desk, to, { file, number }))),
  );
  to.evidence.artifacts.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function withinBounds(desk: Desk, files: readonly FoundFile[]): FoundFile[] {
  let all = 0;
  return files.filter((file) => {
    const fits = file.bytes <= MAX_FILE_BYTES && all + file.bytes <= MAX_ALL_BYTES;
    if (fits) all += file.bytes;
    else leaveOut(desk, file, `${file.bytes} bytes are too many`);
    return fits;
  });
}

async function keep(
  desk: Desk,
  to: Keeping,
  { file, number }: { file: FoundFile; number: number },
): Promise<void> {
  const bytes = await readUnlessGrown(desk, file);
  if (bytes === null) return leaveOut(desk, file, 'it changed while it was read');
  const blob = `${to.keyPrefix}/artifacts/${number}`;
  await to.blobs.put(blob, bytes);
  to.evidence.artifacts.push({ path: harmlessLine(file.path, 1000), blob, bytes: bytes.byteLength });
}

async function readUnlessGrown(desk: Desk, file: FoundFile): Promise<Uint8Array | null> {
  try {
    return await desk.sandbox.readFile(file.realPath, file.bytes, desk.user);
  } catch (error) {
    if (error instanceof EvalpoolError && error.code === 'LIMITS') return null;
    throw error;
  }
}

function leaveOut(desk: Desk, file: FoundFile, why: string): void {
  desk.log.write(`evalpool: artifact ${JSON.stringify(harmlessLine(file.path, 200))} left out: ${why}\n`);
}
