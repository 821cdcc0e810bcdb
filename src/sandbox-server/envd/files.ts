import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { awaken } from './addressed-sandbox.ts';
import { download } from './download.ts';
import { admitToFiles, type FileQuery } from './file-access.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { upload } from './upload.ts';

/** Files of one multipart request; the SDK sends all of one `write` in one. */
const MAX_FILES = 20_000;

/** GET and POST /files: bytes of a sandbox's files, streamed. */
export async function addFiles(app: FastifyInstance, sandboxes: Sandboxes): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(multipart, {
    preservePath: true,
    limits: {
      parts: MAX_FILES,
      files: MAX_FILES,
      fileSize: Infinity,
      headerPairs: 100,
      // Held in memory, and not looked at.
      fields: 100,
      fieldSize: 1024,
    },
    // A file may come without a name or type, where the query has its path.
    isPartAFile: (name) => name === 'file',
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  // Refused by `upload`, in E2B's words.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, null));
  app.addHook<{ Querystring: FileQuery }>('onRequest', async (request, reply) => {
    if (!admitToFiles(request, reply, sandboxes) || !(await awaken(request, reply, sandboxes))) return reply;
  });
  app.get<{ Querystring: FileQuery }>('/files', download);
  app.post<{ Querystring: FileQuery }>('/files', upload);
}
