import { posix } from 'node:path';
import type { Spec } from '../../spec.ts';
import { listFiles, type FoundFile } from './list-files.ts';
import type { Desk } from '../open-desk.ts';

const MAX_FILES = 1_000;

// All at once, so that none can fork away. As root it would end envd, and the sandbox with it.
const END_ALL = 'if [ "$EUID" -ne 0 ]; then kill -KILL -1 2>/dev/null; fi\n';

/** What decides, as it lay there when nothing that the tests started could change it any more. */
export interface Found {
  report: FoundFile[];
  /** Of several the first that is there. */
  reward: FoundFile | null;
  /** There is more than is looked at. */
  more: boolean;
}

/**
 * Ends every process that the tests left running, and finds the files that decide: regular ones, no links. By one command, and
 * none where nothing is read from files.
 */
export async function closeTests(desk: Desk, spec: Spec): Promise<Found> {
  const [reports, rewards] = [reportGlobs(spec), rewardPaths(spec)];
  if (reports.length + rewards.length === 0) return { report: [], reward: null, more: false };
  const find = { globs: [...reports, ...rewards], max: MAX_FILES, anywhere: true, first: END_ALL };
  const { files, more } = await listFiles(desk, workFolder(spec), find);
  const reward = rewards.flatMap((path) => files.filter((file) => file.path === path))[0] ?? null;
  return { report: files.filter(({ path }) => !rewards.includes(path)), reward, more };
}

/** What bash must remove before the tests, so that only what they write counts. */
export function decidingGlobs(spec: Spec): string[] {
  return [...reportGlobs(spec), ...rewardPaths(spec)];
}

function reportGlobs(spec: Spec): string[] {
  const path = spec.report?.path;
  if (path === undefined) return [];
  return [/[*?[{]/.test(path) ? path : placeOf(spec, path)];
}

function rewardPaths(spec: Spec): string[] {
  return (spec.reward?.path ?? []).map((path) => placeOf(spec, path));
}

// Relative where it lies below, so that a link out of there is not followed.
function placeOf(spec: Spec, path: string): string {
  const folder = workFolder(spec);
  const place = posix.resolve(folder, path);
  return place.startsWith(`${folder}/`) ? posix.relative(folder, place) : place;
}

function workFolder(spec: Spec): string {
  return posix.resolve(spec.repoDir, spec.cwd ?? '.');
}
