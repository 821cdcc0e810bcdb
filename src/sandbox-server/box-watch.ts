/** What happened to a file or folder under a watched folder. */
export interface Change {
  /** RENAME: it has this name no longer; the new name is a CREATE. */
  type: 'CREATE' | 'WRITE' | 'REMOVE' | 'RENAME' | 'CHMOD';
  /** Relative to the watched folder; `.`: that folder itself. Bytes that are no UTF-8 are replaced. */
  name: string;
}

/** A folder of a box that is watched from now on. */
export interface FolderWatch {
  /** In the order they happened, until it is stopped; read them once. Throws WatchError. */
  readonly changes: AsyncIterable<Change>;
  stop(): void;
}

/** A watch that ended by itself: the message says why. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
}
