import { accountOfHeader, resolvePath } from '../accounts.ts';
import { InsideError } from '../box-files.ts';
import { asPathRefusal, describeEntry } from './entry-info.ts';
import type { EventStream } from './event-stream.ts';
import type { Call } from './process-service.ts';
import { Refusal } from '../refusal.ts';
import { parseAs, PathRequest } from '../shapes.ts';
import { createWatcher, getWatcherEvents, removeWatcher, watchDir } from './watch-service.ts';

/** The calls of filesystem.Filesystem. */
export const filesystemCalls: Readonly<Record<string, (call: Call) => Promise<object>>> = {
  Stat: (call) => onPath(call, async (path) => ({ entry: await entryAt(call, path) })),
  ListDir: (call) => onPath(call, (path, depth) => list(call, path, depth)),
  MakeDir: (call) => onPath(call, (path) => make(call, path)),
  Remove: (call) => onPath(call, (path) => remove(call, path)),
  Move: move,
  CreateWatcher: createWatcher,
  GetWatcherEvents: getWatcherEvents,
  RemoveWatcher: removeWatcher,
};

/** The calls of filesystem.Filesystem that are answered by a stream. */
export const filesystemStreams: Readonly<Record<string, (call: Call, stream: EventStream) => Promise<void>>> =
  {
    WatchDir: watchDir,
  };

async function onPath(call: Call, use: (path: string, depth: number) => Promise<object>): Promise<object> {
  const asked = parseAs(PathRequest, call.message);
  const path = resolvePath(asked.path, accountOfHeader(call.headers.authorization));
  try {
    return await use(path, asked.depth);
  } catch (error) {
    throw asPathRefusal(error, path);
  }
}

async function entryAt({ sandbox }: Call, path: string): Promise<object> {
  return describeEntry(path, await sandbox.box.files.stat(path), sandbox.fileMetadata);
}

async function list({ sandbox }: Call, path: string, depth: number): Promise<object> {
  const listed = await sandbox.box.files.list(path, Math.max(depth, 1));
  return { entries: listed.map((entry) => describeEntry(entry.path, entry, sandbox.fileMetadata)) };
}

async function make(call: Call, path: string): Promise<object> {
  const done = await call.sandbox.box.files.makeFolder(path).catch((error: unknown) => {
    if (error instanceof InsideError && error.code === 'ENOTDIR')
      throw new Refusal(400, `path already exists but it is not a directory: '${path}'`);
    throw error;
  });
  if (done === 'exists') throw new Refusal(409, `directory already exists: '${path}'`);
  return { entry: await entryAt(call, path) };
}

async function remove({ sandbox }: Call, path: string): Promise<object> {
  await sandbox.box.files.remove(path).catch((error: unknown) => {
    if (!(error instanceof InsideError) || error.code !== 'ENOENT') throw error;
  });
  return {};
}

async function move(call: Call): Promise<object> {
  const { box } = call.sandbox;
  const asked = parseAs(PathRequest, call.message);
  const account = accountOfHeader(call.headers.authorization);
  const [from, to] = [resolvePath(asked.source, account), resolvePath(asked.destination, account)];
  try {
    await box.files.move(from, to).catch((error: unknown) => {
      if (error instanceof InsideError && error.code === 'EXDEV') return moveAcross(call, from, to);
      throw error;
    });
    await call.sandbox.fileMetadata.follow(from, to);
    return { entry: await entryAt(call, to) };
  } catch (error) {
    throw asPathRefusal(error, from);
  }
}

// Between two mounts of the box (home, /tmp) a rename is refused: its own mv copies.
async function moveAcross({ sandbox }: Call, from: string, to: string): Promise<void> {
  const argv = ['mv', '-fT', '--', from, to];
  const env = { PATH: '/usr/bin:/bin' };
  const child = await sandbox.box.start({ argv, env, cwd: '/', user: 'user', stdin: false });
  child.stdout.resume();
  child.stderr.resume();
  const exit = await child.exit;
  if (!('code' in exit) || exit.code !== 0)
    throw new Refusal(400, `path '${from}' cannot be moved to '${to}'`);
}
