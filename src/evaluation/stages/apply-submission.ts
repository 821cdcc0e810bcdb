import { posix } from 'node:path';
import { asEvalpoolError, EvalpoolError, type ErrorCode } from '../../errors.ts';
import { contentBytes, type Content, type Spec } from '../../spec.ts';
import { gitsWords } from './last-words.ts';
import { protectedGlobs } from './keep-files.ts';
import { metLimit } from './met-limit.ts';
import type { Desk } from '../open-desk.ts';
import { FOLDER, PATCH_EXITS, submissionScript } from './submission-script.ts';

/** True if code of a candidate comes into the sandbox. */
export function isSubmitted(spec: Spec): boolean {
  return diffBytes(spec.patch) !== null || spec.files !== undefined;
}

/** True if there is anything to apply: a submission, or the author's test patch. */
export function hasSubmission(spec: Spec): boolean {
  return isSubmitted(spec) || diffBytes(spec.testPatch) !== null;
}

/** Throws EMPTY_PATCH for a submission that is there but changes nothing, before any sandbox is spent on it. */
export function refuseEmptySubmission(spec: Spec): void {
  checkPaths(spec);
  if (spec.patch === undefined && spec.files === undefined) return;
  if (diffBytes(spec.patch) !== null || Object.keys(spec.files ?? {}).length > 0) return;
  throw new EvalpoolError('EMPTY_PATCH', 'the submission is empty', { stage: 'patch' });
}

/** Applies the submission and then the author's test patch. Throws PATCH_FAILED, TEST_PATCH_FAILED or LIMITS. */
export async function applySubmission(desk: Desk, spec: Spec): Promise<void> {
  const plain = onlyPlainFiles(spec);
  if (plain !== null && (await placePlainly(desk, plain))) return;
  await desk.sandbox.writeFiles(partsToApply(spec), desk.user);
  const exit = await desk.run(submissionScript(spec));
  if (exit.exitCode === 0) return;
  const log = desk.log.kept().content;
  const limit = metLimit(exit, log);
  const code: ErrorCode = limit === null ? (PATCH_EXITS[exit.exitCode] ?? 'PATCH_FAILED') : 'LIMITS';
  throw new EvalpoolError(
    code,
    `${SUBJECTS[code] ?? 'the submission'} ${limit ?? 'failed'}: ${gitsWords(log)}`,
  );
}

// Providers have their own words for a path that cannot be written; the script can tell whose fault it is.
async function placePlainly(desk: Desk, files: Map<string, Uint8Array>): Promise<boolean> {
  try {
    await desk.sandbox.writeFiles(files, desk.user);
    return true;
  } catch (error) {
    const { code } = asEvalpoolError(error);
    if (code !== 'INTERNAL' && code !== 'STREAM_LOST') throw error;
    return false;
  }
}

function partsToApply(spec: Spec): Map<string, Uint8Array> {
  const files = Object.entries(spec.files ?? {});
  const names = files.map(([path]) => `${posix.normalize(path)}\0`).join('');
  const parts = new Map<string, Uint8Array>([[`${FOLDER}/names`, Buffer.from(names)]]);
  const [patch, tests] = [diffBytes(spec.patch), diffBytes(spec.testPatch)];
  if (patch !== null) parts.set(`${FOLDER}/patch`, patch);
  if (tests !== null) parts.set(`${FOLDER}/tests.patch`, tests);
  for (const [number, [, content]] of files.entries()) {
    parts.set(`${FOLDER}/files/${number}`, contentBytes(content));
  }
  return parts;
}

const SUBJECTS: Partial<Record<ErrorCode, string>> = {
  PATCH_FAILED: 'the submission',
  TEST_PATCH_FAILED: 'the test patch',
};

// Without a repo there is nothing that a file could be written through by mistake: one request, no command.
function onlyPlainFiles(spec: Spec): Map<string, Uint8Array> | null {
  if (spec.repo !== undefined || diffBytes(spec.patch) !== null || diffBytes(spec.testPatch) !== null)
    return null;
  if (protectedGlobs(spec).length > 0) return null;
  const files = Object.entries(spec.files ?? {});
  if (!files.every(([path]) => /^[\w./@+-]+$/.test(path))) return null;
  return new Map(files.map(([path, content]) => [posix.join(spec.repoDir, path), contentBytes(content)]));
}

// Models forget the last line end more often than anything else, and git calls the patch corrupt for it.
function diffBytes(content: Content | undefined): Buffer | null {
  if (content === undefined) return null;
  const bytes = contentBytes(content);
  if (bytes.toString('latin1').trim() === '') return null;
  return bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
}

function checkPaths(spec: Spec): void {
  for (const path of Object.keys(spec.files ?? {})) {
    const normal = posix.normalize(path);
    const parts = normal.split('/');
    const leaves = posix.isAbsolute(normal) || parts[0] === '..' || normal === '.' || normal.endsWith('/');
    if (!leaves && !parts.some((part) => part.toLowerCase() === '.git')) continue;
    throw new EvalpoolError(
      'SPEC_INVALID',
      `files: ${JSON.stringify(path)} does not stay in repoDir or is git's own`,
    );
  }
}
