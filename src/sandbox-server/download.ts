import { basename } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountNamed, resolvePath } from './accounts.ts';
import { asPathRefusal } from './entry-info.ts';
import type { FileQuery } from './file-access.ts';
import { Refusal } from './refusal.ts';
import { openForRead } from './walls/open-inside.ts';

/** Files up to this size are answered in one piece. */
const WHOLE_BYTES = 256 * 1024;

/** Sends a file: all of it, a range, or gzip where the caller accepts nothing else. Throws 400, 401, 404. */
export async function download(
  request: FastifyRequest<{ Querystring: FileQuery }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, headers, sandbox } = request;
  const path = resolvePath(query.path ?? '', accountNamed(query.username));
  const file = await openForRead(sandbox.box.root, path).catch((error: unknown) => {
    throw asPathRefusal(error, path);
  });
  try {
    const { size, mtime } = await file.stat();
    reply.header('content-type', 'application/octet-stream');
    reply.header('content-disposition', `inline; filename*=UTF-8''${encodeURIComponent(basename(path))}`);
    reply.header('last-modified', mtime.toUTCString());
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

function sendGzipped(reply: FastifyReply, file: FileHandle): FastifyReply {
  const source = file.createReadStream();
  const zip = createGzip({ level: 1 });
  source.on('error', (error) => zip.destroy(error));
  zip.on('close', () => source.destroy());
  return reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding').send(source.pipe(zip));
}

async function sendRange(
  reply: FastifyReply,
  file: FileHandle,
  { start, end, size }: Range,
): Promise<FastifyReply> {
  const length = end - start;
  if (length < size) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
  if (length > WHOLE_BYTES) {
    reply.header('content-length', length);
    return reply.send(file.createReadStream({ start, end: end - 1, highWaterMark: WHOLE_BYTES }));
  }
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = length === 0 ? { bytesRead: 0 } : await file.read(bytes, 0, length, start);
  await file.close();
  return reply.send(bytes.subarray(0, bytesRead));
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
