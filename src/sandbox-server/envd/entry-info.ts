import { posix } from 'node:path';
import { InsideError, type Seen } from '../box-files.ts';
import type { FileMetadata } from './file-metadata.ts';
import { Refusal } from '../refusal.ts';

const [FIRST_MS, LAST_MS] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** What filesystem.EntryInfo says of a path, in proto3 JSON. */
export function describeEntry(path: string, seen: Seen, fileMetadata: FileMetadata): object {
  const metadata = fileMetadata.of(seen.identity);
  return {
    name: posix.basename(path) || '/',
    type: fileType(seen.targetKind),
    path,
    size: String(seen.size),
    mode: seen.mode,
    permissions: permissions(seen),
    owner: seen.usersOwn ? 'user' : 'root',
    group: seen.groupsOwn ? 'user' : 'root',
    modifiedTime: timestamp(seen.modifiedAt),
    ...(seen.linkTarget === null ? {} : { symlinkTarget: seen.linkTarget }),
    ...(metadata ? { metadata } : {}),
  };
}

/** What a path error means to the caller, in envd's words. */
export function asPathRefusal(error: unknown, path: string): unknown {
  if (isDiskFull(error)) return new Refusal(507, 'not enough disk space available');
  if (!(error instanceof InsideError)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new Refusal(404, `path '${path}' does not exist`);
    case 'EISDIR':
      return new Refusal(400, `path '${path}' is a directory`);
    case 'ENOTDIR':
      return new Refusal(400, `path is not a directory: '${path}'`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Refusal(403, `path '${path}' cannot be changed or read: ${error.code}`);
    default:
      return new Refusal(400, `path '${path}' cannot be used: ${error.code}`);
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function fileType(target: Seen['targetKind']): string {
  if (target === null) return 'FILE_TYPE_SYMLINK';
  if (target === 'folder') return 'FILE_TYPE_DIRECTORY';
  return target === 'file' ? 'FILE_TYPE_FILE' : 'FILE_TYPE_UNSPECIFIED';
}

// A Timestamp ends with the year 9999; for one file beyond, a whole listing could not be read.
function timestamp(date: Date): string {
  const ms = date.getTime();
  return new Date(Number.isNaN(ms) ? LAST_MS : Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString();
}

// As Go prints a mode: the SDK's users see it.
function permissions({ kind, mode }: Seen): string {
  if (kind === 'link') return 'Lrwxrwxrwx';
  const letter = kind === 'folder' ? 'd' : '-';
  const bits = Array.from({ length: 9 }, (_, at) => (mode & (0o400 >> at) ? 'rwx'.charAt(at % 3) : '-'));
  return letter + bits.join('');
}
