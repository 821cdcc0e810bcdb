import type { FieldRow, MessageTable } from './build-messages.ts';

const Path = { path: [1, 'string'] } satisfies Record<string, FieldRow>;
const Entry = { entry: [1, 'EntryInfo'] } satisfies Record<string, FieldRow>;
const Watch = {
  path: [1, 'string'],
  recursive: [2, 'bool'],
  includeEntry: [3, 'bool'],
  allowNetworkMounts: [4, 'bool'],
} satisfies Record<string, FieldRow>;
const Watcher = { watcherId: [1, 'string'] } satisfies Record<string, FieldRow>;

/** filesystem.proto of envd: field numbers and types as in the descriptors that the e2b package ships. */
export const filesystemMessages: MessageTable = {
  package: 'filesystem',
  enums: {
    FileType: {
      FILE_TYPE_UNSPECIFIED: 0,
      FILE_TYPE_FILE: 1,
      FILE_TYPE_DIRECTORY: 2,
      FILE_TYPE_SYMLINK: 3,
    },
    EventType: {
      EVENT_TYPE_UNSPECIFIED: 0,
      EVENT_TYPE_CREATE: 1,
      EVENT_TYPE_WRITE: 2,
      EVENT_TYPE_REMOVE: 3,
      EVENT_TYPE_RENAME: 4,
      EVENT_TYPE_CHMOD: 5,
    },
  },
  messages: {
    EntryInfo: {
      name: [1, 'string'],
      type: [2, 'FileType'],
      path: [3, 'string'],
      size: [4, 'int64'],
      mode: [5, 'uint32'],
      permissions: [6, 'string'],
      owner: [7, 'string'],
      group: [8, 'string'],
      modifiedTime: [9, 'google.protobuf.Timestamp'],
      symlinkTarget: [10, 'string', 'optional'],
      metadata: [11, 'string', 'map'],
    },
    FilesystemEvent: { name: [1, 'string'], type: [2, 'EventType'], entry: [3, 'EntryInfo'] },
    StatRequest: Path,
    StatResponse: Entry,
    MakeDirRequest: Path,
    MakeDirResponse: Entry,
    MoveRequest: { source: [1, 'string'], destination: [2, 'string'] },
    MoveResponse: Entry,
    ListDirRequest: { path: [1, 'string'], depth: [2, 'uint32'] },
    ListDirResponse: { entries: [1, 'EntryInfo', 'list'] },
    RemoveRequest: Path,
    RemoveResponse: {},
    WatchDirRequest: Watch,
    Nothing: {},
    WatchDirResponse: {
      start: [1, 'Nothing'],
      filesystem: [2, 'FilesystemEvent'],
      keepalive: [3, 'Nothing'],
    },
    CreateWatcherRequest: Watch,
    CreateWatcherResponse: Watcher,
    GetWatcherEventsRequest: Watcher,
    GetWatcherEventsResponse: { events: [1, 'FilesystemEvent', 'list'] },
    RemoveWatcherRequest: Watcher,
    RemoveWatcherResponse: {},
  },
};
