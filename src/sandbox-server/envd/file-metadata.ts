import type { IncomingMessage } from 'node:http';
import type { BoxFiles } from '../box-files.ts';
import { Refusal } from '../refusal.ts';

/** What is known of a file beside its bytes: names in lower case, printable ASCII. */
export type Metadata = Readonly<Record<string, string>>;

/** The metadata of files by their paths. */
export type MetadataByPath = Array<[path: string, metadata: Metadata]>;

const HEADER = 'x-metadata-';
/** E2B keeps each entry in an xattr `user.e2b.<name>`: these are what a name and one file's xattrs may have, bytes. */
const XATTR = 'user.e2b.';
const MAX_NAME_BYTES = 255 - XATTR.length;
const MAX_FILE_BYTES = 4096;
/** All that is kept for one sandbox, bytes: it is the server's memory. */
const MAX_BYTES = 1024 * 1024;
/** What an entry costs besides its text. */
const ENTRY_BYTES = 100;

/** The metadata that an upload gives its files, by headers `X-Metadata-<name>`. Throws 400 in E2B's words. */
export function readMetadata({ headersDistinct }: IncomingMessage): Metadata {
  const found: Array<[string, string]> = [];
  for (const [header, values] of Object.entries(headersDistinct)) {
    const name = header.slice(HEADER.length);
    if (!header.startsWith(HEADER) || name === '' || values?.[0] === undefined) continue;
    if (name.length > MAX_NAME_BYTES) throw invalid(`metadata key "${name}" exceeds ${MAX_NAME_BYTES} bytes`);
    if (!/^[\x20-\x7e]*$/.test(values[0]))
      throw invalid(`the value for key "${name}" is not printable ASCII`);
    found.push([name, values[0]]);
  }
  const bytes = found.reduce((sum, [name, value]) => sum + XATTR.length + name.length + value.length, 0);
  if (bytes > MAX_FILE_BYTES) throw invalid(`total metadata size ${bytes} exceeds ${MAX_FILE_BYTES} bytes`);
  return Object.fromEntries(found);
}

/**
 * The metadata of one sandbox's files, which Node cannot keep in xattrs. It follows a file's identity: through renames, also
 * by a command inside, and to the grave. It does not follow a copy, and commands inside do not see it. Snapshots and forks have
 * it where a file lies where the API put it.
 */
export class FileMetadata {
  readonly #files: BoxFiles;
  readonly #kept = new Map<string, { path: string; metadata: Metadata }>();
  #bytes = 0;

  constructor(files: BoxFiles) {
    this.#files = files;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** Undefined: it has none. */
  of(identity: string | null): Metadata | undefined {
    return identity === null ? undefined : this.#kept.get(identity)?.metadata;
  }

  /** Gives a file, now at `path`, this metadata and no other. Throws 507 when the sandbox has too much. */
  async replace(identity: string, path: string, metadata: Metadata): Promise<void> {
    this.#forget(identity);
    if (Object.keys(metadata).length === 0) return;
    const bytes = sizeOf(path, metadata);
    if (this.#bytes + bytes > MAX_BYTES) await this.#forgetGone();
    if (this.#bytes + bytes > MAX_BYTES) throw new Refusal(507, 'not enough space for file metadata');
    this.#keep(identity, path, metadata);
  }

  /** That of the files which lie where the API put them. */
  async all(): Promise<MetadataByPath> {
    const found: MetadataByPath = [];
    for (const [identity, { path, metadata }] of this.#kept)
      if ((await this.#identityAt(path)) === identity) found.push([path, metadata]);
    return found;
  }

  /** Takes over what another sandbox had of the same files. */
  async inherit(given: MetadataByPath): Promise<void> {
    for (const [path, metadata] of given) {
      const identity = await this.#identityAt(path);
      if (identity !== null) this.#keep(identity, path, metadata);
    }
  }

  /** After a move by the API: between two mounts the files are new ones. */
  async follow(from: string, to: string): Promise<void> {
    const kept = [...this.#kept]; // what follows is kept anew
    for (const [identity, { path, metadata }] of kept) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      const moved = to + path.slice(from.length);
      const now = await this.#identityAt(moved);
      if (now === null) continue;
      this.#forget(identity);
      this.#keep(now, moved, metadata);
    }
  }

  async #forgetGone(): Promise<void> {
    for (const [identity, { path }] of this.#kept)
      if ((await this.#identityAt(path)) !== identity) this.#forget(identity);
  }

  async #identityAt(path: string): Promise<string | null> {
    return this.#files.stat(path).then(
      (seen) => seen.identity,
      () => null,
    );
  }

  #keep(identity: string, path: string, metadata: Metadata): void {
    this.#forget(identity);
    this.#kept.set(identity, { path, metadata });
    this.#bytes += sizeOf(path, metadata);
  }

  #forget(identity: string): void {
    const kept = this.#kept.get(identity);
    if (!kept) return;
    this.#kept.delete(identity);
    this.#bytes -= sizeOf(kept.path, kept.metadata);
  }
}

function sizeOf(path: string, metadata: Metadata): number {
  return ENTRY_BYTES + path.length + Object.entries(metadata).flat().join('').length;
}

function invalid(why: string): Refusal {
  return new Refusal(400, `invalid metadata: ${why}`);
}
