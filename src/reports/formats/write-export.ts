import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cannotWrite } from '../write-line-file.ts';
import type { ExportedFile, Format, Wishes } from './format.ts';
import type { RunFolder } from './run-folder.ts';

const AT_ONCE = 32;

/** Writes a run in this form to a file (a folder where the form is one) that is there only when it is whole. Throws USAGE. */
export async function writeExport(
  format: Format,
  { run, wishes, out }: { run: RunFolder; wishes: Wishes; out: string },
): Promise<void> {
  try {
    if ('text' in format) await writeText(out, format.text(run, wishes));
    else await writeFiles(out, format.files(run, wishes));
  } catch (error) {
    throw cannotWrite(out, error);
  }
}

/** Writes texts to a stream that stays open; ends early, without an error, when nobody reads it any more. */
export async function printExport(texts: AsyncIterable<string>, to: NodeJS.WritableStream): Promise<void> {
  await pipeline(Readable.from(texts), to, { end: false }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  });
}

async function writeText(out: string, texts: AsyncIterable<string>): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  await pipeline(Readable.from(texts), createWriteStream(`${out}.part`));
  await rename(`${out}.part`, out);
}

async function writeFiles(out: string, files: AsyncIterable<ExportedFile>): Promise<void> {
  let window: ExportedFile[] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(window.map((file) => writeOne(out, file)));
    window = [];
  };
  for await (const file of files) {
    window.push(file);
    if (window.length >= AT_ONCE) await flush();
  }
  await flush();
}

async function writeOne(out: string, file: ExportedFile): Promise<void> {
  const path = join(out, file.path);
  await mkdir(dirname(path), { recursive: true });
  if ('text' in file) return writeFile(path, file.text);
  // A log that is gone is no reason to go without the rest.
  await copyFile(file.copy, path).catch(() => undefined);
}
