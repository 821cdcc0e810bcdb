import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { accountNamed, resolvePath, type Account } from '../accounts.ts';
import { asPathRefusal } from './entry-info.ts';
import type { FileQuery } from './file-access.ts';
import { readMetadata, type Metadata } from './file-metadata.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox } from '../sandboxes.ts';

type Upload = FastifyRequest<{ Querystring: FileQuery }>;
interface Written {
  path: string;
  name: string;
  type: 'file';
  metadata?: Metadata;
}

/** Writes the files of a request as they arrive, memory bounded. Throws 400, 401, 403, 507 where the sandbox's disk is full. */
export async function upload(request: Upload): Promise<Written[]> {
  const account = accountNamed(request.query.username);
  const target = { sandbox: request.sandbox, account, metadata: readMetadata(request.raw) };
  const written = request.isMultipart()
    ? await writeParts(request, target)
    : [await writeBody(request, target)];
  if (written.length === 0) throw new Refusal(400, 'no file in the request');
  return written;
}

/** Where the files of a request go, and what they are given. */
interface Target {
  sandbox: LiveSandbox;
  account: Account;
  metadata: Metadata;
}

async function writeBody({ query, headers, body }: Upload, target: Target): Promise<Written> {
  if (!(body instanceof Readable)) throw new Refusal(400, unsupported(headers['content-type']));
  if (query.path === undefined)
    throw new Refusal(400, 'path query parameter is required for raw body upload');
  const path = resolvePath(query.path, target.account);
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity') return writeFile(path, body, target);
  if (encoding !== 'gzip')
    throw new Refusal(400, `unsupported Content-Encoding: ${encoding}, supported: [gzip]`);
  return writeZipped(path, body, target);
}

async function writeZipped(path: string, body: Readable, target: Target): Promise<Written> {
  const gunzip = createGunzip();
  // Whoever reads hears of it too, but nobody does before the file is open.
  gunzip.on('error', () => {});
  body.on('error', (error) => gunzip.destroy(error));
  try {
    return await writeFile(path, body.pipe(gunzip), target);
  } finally {
    // What is left of a bomb need not be unpacked.
    gunzip.destroy();
    body.resume();
  }
}

async function writeParts(request: Upload, target: Target): Promise<Written[]> {
  if (request.headers['content-encoding'] !== undefined)
    throw new Refusal(501, 'compressed multipart is not supported: send application/octet-stream');
  const written = new Map<string, Written>();
  for await (const part of request.parts()) {
    if (part.type !== 'file') continue;
    if (part.fieldname !== 'file') {
      part.file.resume();
      continue;
    }
    const asked = request.query.path ?? unescapeName(part.filename);
    if (asked === '') throw new Refusal(400, 'a file without a name, and no path in the query');
    const path = resolvePath(asked, target.account);
    if (written.has(path)) throw new Refusal(400, twice(path, [...written.keys()]));
    written.set(path, await writeFile(path, part.file, target));
  }
  return [...written.values()];
}

async function writeFile(path: string, bytes: Readable, target: Target): Promise<Written> {
  try {
    await copy(bytes, path, target);
  } catch (error) {
    bytes.resume();
    throw asPathRefusal(asBrokenBody(error), path);
  }
  const { metadata } = target;
  const given = Object.keys(metadata).length > 0 ? { metadata } : {};
  return { path, name: basename(path), type: 'file', ...given };
}

async function copy(bytes: Readable, path: string, { sandbox, metadata }: Target): Promise<void> {
  const file = await sandbox.box.files.create(path);
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) await file.write(chunk);
    const hasMetadata = Object.keys(metadata).length > 0;
    if (hasMetadata || !sandbox.fileMetadata.isEmpty)
      await sandbox.fileMetadata.replace(file.identity(), path, metadata);
  } finally {
    await file.close();
  }
}

function asBrokenBody(error: unknown): unknown {
  const isZip = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  return isZip ? new Refusal(400, 'the body is not gzip') : error;
}

// Form data has no other way to send these three in a name (WHATWG), so the SDK's fetch escapes them.
function unescapeName(name: string | undefined): string {
  return (name ?? '').replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
}

function unsupported(type: string | undefined): string {
  return `unsupported content type: ${type ?? ''}, expected multipart/form-data or application/octet-stream`;
}

function twice(path: string, written: readonly string[]): string {
  const others = written.filter((one) => one !== path);
  const more = others.length > 0 ? `, also the following files were uploaded: ${others.join(', ')}` : '';
  return `you cannot upload multiple files to the same path '${path}' in one upload request, only the first specified file was uploaded${more}`;
}
