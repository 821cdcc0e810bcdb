import { posix } from 'node:path';
import { accountOfHeader, resolvePath } from '../accounts.ts';
import type { Change } from '../box-watch.ts';
import { parseAs, WatchRequest } from '../shapes.ts';
import { endInTime } from './call-timeout.ts';
import { describeEntry } from './entry-info.ts';
import type { EventStream } from './event-stream.ts';
import type { Call } from './process-service.ts';
import type { Watched } from './watchers.ts';

// Of an entry that is gone another may have taken the name.
const WITH_ENTRY: ReadonlySet<Change['type']> = new Set(['CREATE', 'WRITE', 'CHMOD']);

/** filesystem.Filesystem/WatchDir: the changes in a folder as they come. Throws 400, 403, 404, 429, 500. */
export async function watchDir(call: Call, stream: EventStream): Promise<void> {
  const watched = readWatch(call);
  await call.sandbox.watchers.watch(watched, async (watch) => {
    if (stream.isOver) return;
    stream.onClose(() => {
      watch.stop();
      stream.onDrain();
    });
    endInTime(stream, call.headers);
    stream.send('{"start":{}}');
    for await (const change of watch.changes) {
      const hasRoom = stream.send(JSON.stringify({ filesystem: await watched.describe(change) }));
      if (!hasRoom && !stream.isOver) await new Promise<void>((resolve) => (stream.onDrain = resolve));
    }
  });
}

/** filesystem.Filesystem/CreateWatcher: the same, kept until they are fetched. Throws 400, 403, 404, 429. */
export async function createWatcher(call: Call): Promise<object> {
  return { watcherId: await call.sandbox.watchers.create(readWatch(call)) };
}

/** filesystem.Filesystem/GetWatcherEvents. Throws 404; 429 and 500 when some are lost. */
export async function getWatcherEvents({ sandbox, message }: Call): Promise<object> {
  return { events: sandbox.watchers.fetch(parseAs(WatchRequest, message).watcherId) };
}

/** filesystem.Filesystem/RemoveWatcher. Throws 404. */
export async function removeWatcher({ sandbox, message }: Call): Promise<object> {
  sandbox.watchers.remove(parseAs(WatchRequest, message).watcherId);
  return {};
}

function readWatch({ sandbox, message, headers }: Call): Watched {
  const { recursive, includeEntry, ...asked } = parseAs(WatchRequest, message);
  const path = resolvePath(asked.path, accountOfHeader(headers.authorization));
  const describe = async ({ type, name }: Change): Promise<object> => {
    const told = { name, type: `EVENT_TYPE_${type}` };
    if (!includeEntry || !WITH_ENTRY.has(type)) return told;
    const full = posix.join(path, name);
    const seen = await sandbox.box.files.stat(full).catch(() => null);
    return seen ? { ...told, entry: describeEntry(full, seen, sandbox.fileMetadata) } : told;
  };
  return { path, recursive, describe };
}
