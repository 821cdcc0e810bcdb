import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { jsonCodec, protoCodec, type Codec } from './messages/codec.ts';
import { Refusal } from '../refusal.ts';

/** Largest message of a call, bytes, packed and unpacked. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
/** Content types of a call with one answer: one message. */
export const UNARY_TYPES = ['application/json', 'application/proto'];
/** Content types of a call answered by a stream: messages in envelopes. */
export const STREAM_TYPES = ['application/connect+json', 'application/connect+proto'];

/** Flags of an envelope whose message is compressed. */
const COMPRESSED = 1;
/** Flags and length before the message. */
const HEAD_BYTES = 5;
const unzip = promisify(gunzip);

/** How a request to `<service>/<method>` is written, and so its answer. Throws 415, 501 for an unknown method. */
export function codecOf(kind: 'unary' | 'stream', headers: FastifyRequest['headers'], path: string): Codec {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const types = kind === 'unary' ? UNARY_TYPES : STREAM_TYPES;
  if (!types.includes(type))
    throw new Refusal(415, `expected content-type ${types.join(' or ')}, got '${type}'`);
  return type.endsWith('json') ? jsonCodec : protoCodec(path);
}

/** The message of a unary body. Throws 400, 413 and, for another compression than gzip, 501. */
export async function openBody(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip') throw new Refusal(501, `compression '${encoding}' is not supported, only gzip`);
  try {
    return await unzip(body, { maxOutputLength: MAX_MESSAGE_BYTES });
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? new Refusal(413, 'the message is too large') : new Refusal(400, 'the body is not gzip');
  }
}

/** The one message that opens a stream, out of its envelope. Throws as openBody. */
export async function openEnvelope(body: Buffer, headers: FastifyRequest['headers']): Promise<Buffer> {
  if (body.length < HEAD_BYTES || body.readUInt32BE(1) !== body.length - HEAD_BYTES)
    throw new Refusal(400, 'expected one Connect envelope');
  return unpack(body, headers);
}

/** The messages of a client's stream as they come, out of their envelopes. Throws as openBody. */
export async function* openEnvelopes(
  body: AsyncIterable<Buffer>,
  headers: FastifyRequest['headers'],
): AsyncGenerator<Buffer> {
  let [waiting, arrived, needed]: [Buffer[], number, number] = [[], 0, HEAD_BYTES];
  for await (const chunk of body) {
    waiting.push(chunk);
    arrived += chunk.length;
    if (arrived < needed) continue;
    let bytes = Buffer.concat(waiting);
    for (needed = sizeOfFirst(bytes); needed <= bytes.length; needed = sizeOfFirst(bytes)) {
      yield unpack(bytes.subarray(0, needed), headers);
      bytes = bytes.subarray(needed);
    }
    [waiting, arrived] = [[bytes], bytes.length];
  }
  if (arrived > 0) throw new Refusal(400, 'the stream ends inside a Connect envelope');
}

function sizeOfFirst(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
  const size = bytes.readUInt32BE(1);
  if (size > MAX_MESSAGE_BYTES) throw new Refusal(413, 'the message is too large');
  return HEAD_BYTES + size;
}

async function unpack(envelope: Buffer, headers: FastifyRequest['headers']): Promise<Buffer> {
  const [flags, message] = [envelope[0] ?? 0, envelope.subarray(HEAD_BYTES)];
  if (flags === 0) return message;
  if (flags !== COMPRESSED) throw new Refusal(400, `an envelope with flags ${flags} is not expected`);
  const encoding = headers['connect-content-encoding'];
  if (typeof encoding !== 'string')
    throw new Refusal(400, 'compressed, but without connect-content-encoding');
  return openBody(message, encoding);
}
