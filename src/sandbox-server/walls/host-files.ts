import { fstatSync, writeSync, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type {
  BoxFiles,
  FileKind,
  Listed,
  ReadableFile,
  Seen as SeenInBox,
  WritableFile,
} from '../box-files.ts';
import {
  createFile,
  listFolder,
  makeFolder,
  moveInside,
  openForRead,
  removeInside,
  statInside,
  type Seen,
} from './open-inside.ts';
import type { Owner, Tree } from './reach.ts';

/** First bytes of each file written without a trip through the thread pool: most files are that small. */
const SYNC_BYTES = 128 * 1024;
const STREAM_CHUNK_BYTES = 256 * 1024;

/** The files of a box whose whole tree is seen under `root` on the host. */
export function hostFiles(root: Tree): BoxFiles {
  const { owner } = root;
  return {
    openForRead: async (path) => asReadable(await openForRead(root, path)),
    create: async (path) => asWritable(await createFile(root, path)),
    makeFolder: (path) => makeFolder(root, path),
    stat: async (path) => seenInBox(await statInside(root, path), owner),
    list: async (path, depth) =>
      (await listFolder(root, path, depth)).map((entry): Listed => ({
        path: entry.path,
        ...seenInBox(entry, owner),
      })),
    remove: (path) => removeInside(root, path),
    move: (from, to) => moveInside(root, from, to),
  };
}

async function asReadable(file: FileHandle): Promise<ReadableFile> {
  const { size, mtime } = await file.stat().catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  return {
    size,
    modifiedAt: mtime,
    read: async (start, end) => {
      if (end <= start) return Buffer.alloc(0);
      const bytes = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    },
    // An empty range has no last byte that a read stream could be given.
    stream: (start, end) =>
      end > start
        ? file.createReadStream({ start, end: end - 1, highWaterMark: STREAM_CHUNK_BYTES })
        : Readable.from([]).once('close', () => void file.close()),
    close: () => file.close(),
  };
}

function asWritable(file: FileHandle): WritableFile {
  let at = 0;
  return {
    write: (bytes) => {
      at += bytes.length;
      return at > SYNC_BYTES ? file.writeFile(bytes) : writeAll(file.fd, bytes);
    },
    identity: () => identityOf(fstatSync(file.fd)),
    close: () => file.close(),
  };
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function seenInBox({ stat, linkTarget, target }: Seen, owner: Owner): SeenInBox {
  const targetKind = target === null ? null : kindOf(target);
  return {
    kind: kindOf(stat),
    targetKind: targetKind === 'link' ? null : targetKind,
    linkTarget,
    size: stat.size,
    mode: (target?.mode ?? 0) & 0o777,
    usersOwn: stat.uid === owner.uid,
    groupsOwn: stat.gid === owner.gid,
    modifiedAt: stat.mtime,
    identity: target === null ? null : identityOf(target),
  };
}

// An inode's number is given again once its file is gone: the birth tells the two apart.
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

function kindOf(stat: Stats): FileKind {
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isDirectory()) return 'folder';
  return stat.isFile() ? 'file' : 'other';
}
