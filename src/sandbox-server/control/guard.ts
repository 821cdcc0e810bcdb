import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.ts';
import { isSameSecret } from '../secrets.ts';
import { parseJson } from '../shapes.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** Lets only requests with the server's key in, and reads their bodies as JSON. */
export function guard(app: FastifyInstance, apiKey: string): void {
  const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
  app.addContentTypeParser('application/json', options, async (_request: FastifyRequest, body: Buffer) =>
    parseJson(body),
  );
  app.addHook('onRequest', async (request) => {
    if (!isSameSecret(request.headers['x-api-key'], apiKey))
      throw new Refusal(401, 'the header X-API-KEY is missing or not the key of this server');
  });
}
