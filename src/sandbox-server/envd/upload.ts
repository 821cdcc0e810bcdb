import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { accountNamed, resolvePath, type Account } from '../accounts.ts';
import type { Box } from '../box.ts';
import { asPathRefusal } from './entry-info.ts';
import type { FileQuery } from './file-access.ts';
import { Refusal } from '../refusal.ts';

type Upload = FastifyRequest<{ Querystring: FileQuery }>;
interface Written {
  path: string;
  name: string;
  type: 'file';
}

/** Writes the files of a request as they arrive, memory bounded. Throws 400, 401, 403, 507 where the sandbox's disk is full. */
export async function upload(request: Upload): Promise<Written[]> {
  refuseMetadata(request);
  const account = accountNamed(request.query.username);
  const target = { box: request.sandbox.box, account };
  const written = request.isMultipart()
    ? await writeParts(request, target)
    : [await writeBody(request, target)];
  if (written.length === 0) throw new Refusal(400, 'no file in the request');
  return written;
}

interface Target {
  box: Box;
  account: Account;
}

async function writeBody(request: Upload, target: Target): Promise<Written> {
  if (request.query.path === undefined) throw new Refusal(400, 'missing the path query parameter');
  if (!(request.body instanceof Readable))
    throw new Refusal(400, 'expected multipart/form-data or application/octet-stream');
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined) return writeFile(request.query.path, request.body, target);
  if (encoding !== 'gzip')
    throw new Refusal(400, `content-encoding '${encoding}' is not supported, only gzip`);
  const body = request.body;
  const gunzip = createGunzip();
  body.on('error', (error) => gunzip.destroy(error));
  return writeFile(request.query.path, body.pipe(gunzip), target);
}

async function writeParts(request: Upload, target: Target): Promise<Written[]> {
  const written = new Map<string, Written>();
  for await (const part of request.parts()) {
    if (part.fieldname !== 'file') {
      if (part.type === 'file') part.file.resume();
      continue;
    }
    const named = part.type === 'file' ? part.filename : undefined;
    const path = request.query.path ?? (named === undefined ? undefined : unescapeName(named));
    if (path === undefined || path === '')
      throw new Refusal(400, 'a file without a name, and no path in the query');
    if (written.has(path)) throw new Refusal(400, `more than one file for the path '${path}'`);
    const bytes = part.type === 'file' ? part.file : Readable.from([Buffer.from(String(part.value))]);
    written.set(path, await writeFile(path, bytes, target));
  }
  return [...written.values()];
}

async function writeFile(asked: string, bytes: Readable, target: Target): Promise<Written> {
  const path = resolvePath(asked, target.account);
  try {
    await copy(bytes, path, target);
  } catch (error) {
    bytes.resume();
    throw asPathRefusal(asBrokenBody(error), path);
  }
  return { path, name: basename(path), type: 'file' };
}

async function copy(bytes: Readable, path: string, { box }: Target): Promise<void> {
  const file = await box.files.create(path);
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) await file.write(chunk);
  } finally {
    await file.close();
  }
}

function asBrokenBody(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Refusal(507, 'not enough disk space available');
  return code.startsWith('Z_') ? new Refusal(400, 'the body is not gzip') : error;
}

// Form data has no other way to send these three in a name (WHATWG), so the SDK's fetch escapes them.
function unescapeName(name: string): string {
  return name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
}

function refuseMetadata({ headers }: Upload): void {
  if (Object.keys(headers).some((name) => name.startsWith('x-metadata-')))
    throw new Refusal(501, 'this server does not keep file metadata yet');
}
