import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { EvalpoolError } from '../../../errors.ts';
import { harmlessLine } from '../../../harmless-text.ts';
import type { Content } from '../../../spec.ts';
import { fieldProblem } from '../make-item.ts';
import { unreadable, type Row } from '../read-rows.ts';

/** A folder of a task: its files by name, and which of them may be executed. */
export interface Folder {
  files: Record<string, Content>;
  executable: string[];
}

const seconds = z.number().positive();
const env = z.record(z.string(), z.string()).default({});

// Fields that we do not use may be anything; so may tables that are missing.
const Toml = z.object({
  task: z.object({ name: z.string().min(1).optional() }).default({}),
  verifier: z
    .object({
      timeout_sec: seconds.default(600),
      env,
      user: z.union([z.string(), z.int()]).optional(),
      environment_mode: z.string().optional(),
    })
    .prefault({}),
  agent: z.object({ timeout_sec: seconds.default(600) }).prefault({}),
  solution: z.object({ env }).prefault({}),
  environment: z
    .object({ docker_image: z.string().min(1).optional(), allow_internet: z.boolean().default(true), env })
    .prefault({}),
  steps: z.unknown().optional(),
});

/** A task directory of Harbor. */
export const HarborTask = z.object({
  folder: z.string(),
  'task.toml': Toml,
  tests: z.custom<Folder>(),
  solution: z.custom<Folder | undefined>(),
  compose: z.boolean(),
});
export type HarborTask = z.output<typeof HarborTask>;

/** The task that a folder is, or the tasks in it. Throws INPUT_UNREADABLE. */
export async function* readHarborTasks(path: string): AsyncGenerator<Row> {
  const root = resolve(path);
  if (await exists(join(root, 'task.toml'))) {
    yield await readTask(root);
    return;
  }
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    throw cannotRead(root, error);
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
  for (const folder of folders.toSorted())
    if (await exists(join(folder, 'task.toml'))) yield await readTask(folder);
}

async function readTask(folder: string): Promise<Row> {
  const source = join(folder, 'task.toml');
  const text = await readFile(source, 'utf8').catch((error: unknown) => {
    throw cannotRead(source, error);
  });
  const value = {
    folder: basename(folder),
    'task.toml': parseToml(text, source),
    tests: (await readFolder(join(folder, 'tests'))) ?? { files: {}, executable: [] },
    solution: await readFolder(join(folder, 'solution')),
    compose: await exists(join(folder, 'environment/docker-compose.yaml')),
  };
  return { source: `${source}:1`, value, key: undefined, bytes: text.length };
}

function parseToml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const why = harmlessLine(error instanceof Error ? error.message : String(error), 300);
    throw unreadable(source, [fieldProblem('', `is not TOML: ${why}`)]);
  }
}

async function readFolder(folder: string): Promise<Folder | undefined> {
  if (!(await exists(folder))) return undefined;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found: Folder = { files: {}, executable: [] };
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    found.files[name] = contentOf(await readFile(path));
    if (await exists(path, constants.X_OK)) found.executable.push(name);
  }
  return found;
}

function contentOf(bytes: Buffer): Content {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) && !text.includes('\0')
    ? text
    : { base64: bytes.toString('base64') };
}

async function exists(path: string, mode?: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function cannotRead(path: string, error: unknown): EvalpoolError {
  const why = error instanceof Error ? error.message : String(error);
  return new EvalpoolError('INPUT_UNREADABLE', `${path} cannot be read: ${why}`, { cause: error });
}
