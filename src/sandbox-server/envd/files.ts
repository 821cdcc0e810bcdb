import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { download } from './download.ts';
import { admitToFiles, type FileQuery } from './file-access.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { upload } from './upload.ts';

/** Files of one multipart request; the SDK sends all of one `write` in one. */
const MAX_FILES = 20_000;
/** A file sent as a plain field is held in memory, so it must be small. */
const MAX_FIELD_BYTES = 1024 * 1024;

/** GET and POST /files: bytes of a sandbox's files, streamed. */
export async function addFiles(app: FastifyInstance, sandboxes: Sandboxes): Promise<void> {
  await app.register(multipart, {
    preservePath: true,
    limits: {
      parts: MAX_FILES,
      files: MAX_FILES,
      fileSize: Infinity,
      fieldSize: MAX_FIELD_BYTES,
      headerPairs: 100,
    },
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.addHook<{ Querystring: FileQuery }>('onRequest', async (request, reply) => {
    if (!admitToFiles(request, reply, sandboxes)) return reply;
  });
  app.get<{ Querystring: FileQuery }>('/files', download);
  app.post<{ Querystring: FileQuery }>('/files', upload);
}
