import { posix } from 'node:path';
import type { Stats } from 'node:fs';
import type { Box } from './box.ts';
import { Refusal } from './refusal.ts';
import { InsideError, type Seen } from './walls/open-inside.ts';

/** What filesystem.EntryInfo says of a path, in proto3 JSON. */
export function describeEntry(box: Box, path: string, seen: Seen): object {
  const { stat, linkTarget, target } = seen;
  return {
    name: posix.basename(path) || '/',
    type: fileType(target),
    path,
    size: String(stat.size),
    mode: stat.mode & 0o777,
    permissions: permissions(stat),
    owner: stat.uid === box.uid ? 'user' : 'root',
    group: stat.gid === box.gid ? 'user' : 'root',
    modifiedTime: stat.mtime.toISOString(),
    ...(linkTarget === null ? {} : { symlinkTarget: linkTarget }),
  };
}

/** What a path error means to the caller, in envd's words. */
export function asPathRefusal(error: unknown, path: string): unknown {
  if (!(error instanceof InsideError)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new Refusal(404, `path '${path}' does not exist`);
    case 'EISDIR':
      return new Refusal(400, `path '${path}' is a directory`);
    case 'ENOTDIR':
      return new Refusal(400, `path is not a directory: '${path}'`);
    case 'ENOSPC':
    case 'EDQUOT':
      return new Refusal(507, 'not enough disk space available');
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Refusal(403, `path '${path}' cannot be changed or read: ${error.code}`);
    default:
      return new Refusal(400, `path '${path}' cannot be used: ${error.code}`);
  }
}

function fileType(target: Stats | null): string {
  if (target === null) return 'FILE_TYPE_SYMLINK';
  if (target.isDirectory()) return 'FILE_TYPE_DIRECTORY';
  return target.isFile() ? 'FILE_TYPE_FILE' : 'FILE_TYPE_UNSPECIFIED';
}

// As Go prints a mode: the SDK's users see it.
function permissions(stat: Stats): string {
  const kind = stat.isDirectory() ? 'd' : stat.isSymbolicLink() ? 'L' : '-';
  const bits = Array.from({ length: 9 }, (_, at) => (stat.mode & (0o400 >> at) ? 'rwx'.charAt(at % 3) : '-'));
  return kind + bits.join('');
}
