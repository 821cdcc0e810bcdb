import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountNamed, resolvePath } from '../accounts.ts';
import type { BoxFiles } from '../box-files.ts';
import { asPathRefusal } from './entry-info.ts';
import { Refusal } from '../refusal.ts';
import { parseAs } from '../shapes.ts';

const ComposeOrder = z.object({
  source_paths: z.array(z.string()).default([]),
  destination: z.string().default(''),
  username: z.string().nullish(),
});

/**
 * Joins files of a sandbox into one and removes them: how an upload in pieces ends. What was at the destination stays until
 * the new file is whole. Throws 400, 401, 404, 507 in E2B's words.
 */
export async function compose({ sandbox, body }: FastifyRequest): Promise<object> {
  const asked = parseAs(ComposeOrder, body);
  if (asked.source_paths.length === 0) throw new Refusal(400, 'source_paths must not be empty');
  if (asked.destination === '') throw new Refusal(400, 'destination is required');
  const account = accountNamed(asked.username ?? undefined);
  const path = resolvePath(asked.destination, account);
  const sources = asked.source_paths.map((source) => resolvePath(source, account));
  if (sources.includes(path))
    throw new Refusal(400, `source path "${path}" cannot be the same as destination`);
  const { files } = sandbox.box;
  for (const source of sources) await checkSource(files, source);
  await joinFiles(files, sources, path);
  for (const source of sources) await files.remove(source).catch(() => {}); // it may be named twice
  return { path, name: basename(path), type: 'file' };
}

async function checkSource(files: BoxFiles, path: string): Promise<void> {
  const seen = await files.stat(path).catch(() => null);
  if (!seen?.targetKind) throw new Refusal(404, `source file not found: ${path}`);
  if (seen.targetKind !== 'file') throw new Refusal(400, `source path is not a regular file: ${path}`);
}

async function joinFiles(files: BoxFiles, sources: readonly string[], path: string): Promise<void> {
  const unfinished = join(dirname(path), `.compose-${randomUUID()}`);
  try {
    await writeAll(files, sources, unfinished);
    await files.move(unfinished, path);
  } catch (error) {
    await files.remove(unfinished).catch(() => {}); // it may not have come to be
    throw asPathRefusal(error, path);
  }
}

async function writeAll(files: BoxFiles, sources: readonly string[], path: string): Promise<void> {
  const whole = await files.create(path);
  try {
    for (const source of sources) {
      const piece = await files.openForRead(source);
      for await (const chunk of piece.stream(0, piece.size) as AsyncIterable<Buffer>)
        await whole.write(chunk);
    }
  } finally {
    await whole.close();
  }
}
