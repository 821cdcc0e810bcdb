import type { Readable } from 'node:stream';

/** What a path of a box is. `other`: a device, FIFO or socket. */
export type FileKind = 'file' | 'folder' | 'link' | 'other';

/** What is known of one path: itself, and what it links to if it is a symlink. */
export interface Seen {
  kind: FileKind;
  /** What a link leads to; the same as `kind` for everything else, null for a dangling link. */
  targetKind: Exclude<FileKind, 'link'> | null;
  /** Where a link leads, past all further ones; to itself if there is nothing. Null: it is no link. */
  linkTarget: string | null;
  size: number;
  /** The nine permission bits, of what a link leads to; 0: of a dangling one. */
  mode: number;
  /** Whether the box's user owns it, and its group; otherwise root does. */
  usersOwn: boolean;
  groupsOwn: boolean;
  modifiedAt: Date;
  /** Of the file, or of what a link leads to: the same as long as it lives, wherever it is moved. Null: a dangling link. */
  identity: string | null;
}

/** One entry of a listing; `path` is absolute, as seen inside. */
export interface Listed extends Seen {
  path: string;
}

/** A regular file of a box, open for reading. Close it, unless `stream` was read or destroyed. */
export interface ReadableFile {
  readonly size: number;
  readonly modifiedAt: Date;
  /** Bytes `start` up to but not including `end`, in one piece. */
  read(start: number, end: number): Promise<Buffer>;
  /** The same as a stream, which closes the file. */
  stream(start: number, end: number): Readable;
  close(): Promise<void>;
}

/** A file of a box, open for writing from its start. */
export interface WritableFile {
  /** Resolves, or returns at once, when the bytes are written. */
  write(bytes: Buffer): Promise<void> | void;
  /** As `Seen` has it. */
  identity(): string;
  close(): Promise<void>;
}

/**
 * The files of one box, by absolute paths as seen inside. Nothing that a process inside does meanwhile leads out.
 * Every method throws InsideError.
 */
export interface BoxFiles {
  /** ENOENT, EISDIR, EINVAL (neither file nor folder), EFBIG (beyond 2^53 bytes). */
  openForRead(path: string): Promise<ReadableFile>;
  /** Empties it, or makes it and the missing folders above. EISDIR, EROFS, ENOSPC … */
  create(path: string): Promise<WritableFile>;
  /** Makes a folder and the missing ones above it. ENOTDIR where a file has the name. */
  makeFolder(path: string): Promise<'made' | 'exists'>;
  /** ENOENT. */
  stat(path: string): Promise<Seen>;
  /** Everything under a folder, `depth` levels deep (1: its own entries), parents first. ENOTDIR. */
  list(path: string, depth: number): Promise<Listed[]>;
  /** Removes a file, a symlink (not its target) or a whole folder. ENOENT. */
  remove(path: string): Promise<void>;
  /** Renames; folders missing above `to` are made. ENOENT, EXDEV between two mounts. */
  move(from: string, to: string): Promise<void>;
}

/** A path inside a box that cannot be used; `code` is the errno name, the message shows the path as seen inside. */
export class InsideError extends Error {
  override readonly name = 'InsideError';
  readonly code: string;

  constructor(code: string, path: string) {
    super(`${code}: '${path}'`);
    this.code = code;
  }
}
