import { basename } from 'node:path';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountNamed, resolvePath } from '../accounts.ts';
import type { ReadableFile } from '../box-files.ts';
import { asPathRefusal } from './entry-info.ts';
import type { FileQuery } from './file-access.ts';
import { Refusal } from '../refusal.ts';

/** Files up to this size are answered in one piece. */
const WHOLE_BYTES = 256 * 1024;

/** Sends a file: all of it, a range, or gzip where the caller accepts nothing else. Throws 400, 401, 404. */
export async function download(
  request: FastifyRequest<{ Querystring: FileQuery }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, headers, sandbox } = request;
  const path = resolvePath(query.path ?? '', accountNamed(query.username));
  const file = await sandbox.box.files.openForRead(path).catch((error: unknown) => {
    throw asPathRefusal(error, path);
  });
  try {
    const { size, modifiedAt } = file;
    reply.header('content-type', 'application/octet-stream');
    reply.header('content-disposition', `inline; filename*=UTF-8''${encodeURIComponent(basename(path))}`);
    reply.header('last-modified', modifiedAt.toUTCString());
    reply.header('accept-ranges', 'bytes');
    if (headers['accept-encoding'] === 'gzip' && headers.range === undefined) return sendGzipped(reply, file);
    return await sendRange(reply, file, readRange(headers.range, size) ?? { start: 0, end: size, size });
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Range {
  start: number;
  /** One past the last byte. */
  end: number;
  size: number;
}

function sendGzipped(reply: FastifyReply, file: ReadableFile): FastifyReply {
  const source = file.stream(0, file.size);
  const zip = createGzip({ level: 1 });
  source.on('error', (error) => zip.destroy(error));
  zip.on('close', () => source.destroy());
  return reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding').send(source.pipe(zip));
}

async function sendRange(
  reply: FastifyReply,
  file: ReadableFile,
  { start, end, size }: Range,
): Promise<FastifyReply> {
  const length = end - start;
  if (length < size) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
  if (length > WHOLE_BYTES) {
    reply.header('content-length', length);
    return reply.send(file.stream(start, end));
  }
  const bytes = await file.read(start, end);
  await file.close();
  return reply.send(bytes);
}

// One range only; what is not understood is answered whole, as HTTP asks.
function readRange(header: string | undefined, size: number): Range | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start >= end) throw new Refusal(416, `the file has ${size} bytes`);
  return { start, end, size };
}
