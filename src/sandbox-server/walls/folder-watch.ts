import { InsideError } from '../box-files.ts';
import type { BoxProcess } from '../box.ts';
import { WatchError, type Change, type FolderWatch } from '../box-watch.ts';
import type { Launcher } from './launcher.ts';

const LAST_WORDS: Readonly<Record<string, string>> = {
  LOST: 'changes came faster than they were read, some are lost',
  FULL: 'no more folders can be watched in this sandbox',
};

/** Watches a folder of a box, by a process of ours inside. Throws InsideError, or an Error that says why it could not. */
export async function watchFolder(
  launcher: Launcher,
  boxId: string,
  path: string,
  recursive: boolean,
): Promise<FolderWatch> {
  const { process } = await launcher
    .run('watch', [boxId, path, recursive ? '1' : ''])
    .catch((error: unknown) => {
      throw asInsideError(error, path);
    });
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    process.kill('SIGKILL');
    process.stdout.destroy();
  };
  return { changes: readChanges(process, () => stopped), stop };
}

function asInsideError(error: unknown, path: string): unknown {
  const [, code] = (error instanceof Error && /^errno (\w+)$/.exec(error.message)) || [];
  return code === undefined ? error : new InsideError(code, path);
}

async function* readChanges({ stdout }: BoxProcess, isStopped: () => boolean): AsyncGenerator<Change> {
  let rest = '';
  try {
    for await (const text of stdout.setEncoding('latin1') as AsyncIterable<string>) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield readLine(line);
    }
  } catch (error) {
    if (!isStopped()) throw error;
  }
  if (!isStopped())
    throw new WatchError('it was killed, from inside the sandbox or by a pause without memory');
}

function readLine(line: string): Change {
  const [type = '', name = ''] = line.split(' ');
  if (!isType(type)) throw new WatchError(LAST_WORDS[type] ?? `unknown change: ${type}`);
  const bytes = name.replaceAll(/%(..)/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { type, name: Buffer.from(bytes, 'latin1').toString() };
}

function isType(word: string): word is Change['type'] {
  return ['CREATE', 'WRITE', 'REMOVE', 'RENAME', 'CHMOD'].includes(word);
}
