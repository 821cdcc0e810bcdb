import { basename } from 'node:path';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountNamed, resolvePath } from '../accounts.ts';
import type { ReadableFile } from '../box-files.ts';
import { acceptsIdentity, chooseEncoding } from './accept-encoding.ts';
import { isUnchanged, readRange, type ByteRange } from './byte-range.ts';
import { asPathRefusal } from './entry-info.ts';
import type { FileQuery } from './file-access.ts';
import { Refusal } from '../refusal.ts';

/** Files up to this size are answered in one piece. */
const WHOLE_BYTES = 256 * 1024;
/** Headers under which a file is sent as it is, whatever is preferred. */
const PARTIAL = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
];

type Download = FastifyRequest<{ Querystring: FileQuery }>;

/** Sends a file: all of it, a range, or gzip where the caller prefers it. Throws 400, 401, 404, 406, 412, 416. */
export async function download(request: Download, reply: FastifyReply): Promise<FastifyReply> {
  const { query, sandbox } = request;
  const path = resolvePath(query.path ?? '', accountNamed(query.username));
  const file = await sandbox.box.files.openForRead(path).catch((error: unknown) => {
    throw asPathRefusal(error, path);
  });
  try {
    return await send(request, reply, file, path);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function send(
  { headers }: Download,
  reply: FastifyReply,
  file: ReadableFile,
  path: string,
): Promise<FastifyReply> {
  const isPartial = PARTIAL.some((name) => headers[name] !== undefined);
  const encoding = readEncoding(headers['accept-encoding'], isPartial);
  const range = readRange(headers, file);
  const unchanged = isUnchanged(headers, file.modifiedAt);
  reply.header('last-modified', file.modifiedAt.toUTCString()).header('vary', 'accept-encoding');
  if (unchanged) {
    await file.close();
    return reply.code(304).send();
  }
  reply.header('content-type', 'application/octet-stream');
  reply.header('content-disposition', `inline; filename*=UTF-8''${escapeName(basename(path))}`);
  if (encoding === 'gzip') return sendGzipped(reply, file);
  return sendRange(reply.header('accept-ranges', 'bytes'), file, range);
}

function readEncoding(header: string | undefined, isPartial: boolean): 'identity' | 'gzip' {
  const encoding = isPartial ? (acceptsIdentity(header) ? 'identity' : null) : chooseEncoding(header);
  if (encoding !== null) return encoding;
  const ways = isPartial ? 'a range or condition needs identity' : 'supported: gzip, identity';
  throw new Refusal(406, `no acceptable encoding found, ${ways}`);
}

function sendGzipped(reply: FastifyReply, file: ReadableFile): FastifyReply {
  const source = file.stream(0, file.size);
  const zip = createGzip({ level: 1 });
  source.on('error', (error) => zip.destroy(error));
  zip.on('close', () => source.destroy());
  return reply.header('content-encoding', 'gzip').send(source.pipe(zip));
}

async function sendRange(
  reply: FastifyReply,
  file: ReadableFile,
  { start, end, size }: ByteRange,
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

// RFC 8187 lets fewer characters stand than a URL does.
function escapeName(name: string): string {
  return encodeURIComponent(name).replaceAll(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}
