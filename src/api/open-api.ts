import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { fastify, type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Database } from '../database/connect.ts';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Wake } from '../queue/wake.ts';
import { VERSION } from '../version.ts';
import { authenticate } from './authenticate.ts';
import { problemOf } from './problem.ts';
import { addBatchRoutes } from './routes/batches.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addResultRoutes } from './routes/results.ts';
import { addSubmitRoutes } from './routes/submit.ts';

/** What the API works on. */
export interface ApiContext {
  database: Database;
  wake: Pick<Wake, 'send' | 'on'>;
  log: Log;
  /** Whose sandboxes a new batch uses that names no provider. */
  provider: string | undefined;
  /** Aborted once the database will not come back. */
  over: AbortSignal;
}

/** The server, with types from the schemas of its routes. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Largest JSON body, bytes. Streams of specs have no limit as a whole, only line by line. */
const MAX_BODY_BYTES = 1024 * 1024;
/** A client that sends or takes nothing for this long is cut off, ms. */
const IDLE_MS = 120_000;

/** Makes the HTTP API; it listens to nothing yet. */
export async function openApi(context: ApiContext): Promise<Api> {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    connectionTimeout: IDLE_MS,
    requestTimeout: 0,
    routerOptions: { maxParamLength: 400 },
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.addContentTypeParser('application/x-ndjson', (_request, body, done) => done(null, body));
  answerProblems(server, context.log);
  authenticate(server, context.database);
  await describe(server);
  const api = server.withTypeProvider<ZodTypeProvider>();
  addBatchRoutes(api, context);
  addSubmitRoutes(api, context);
  addResultRoutes(api, context);
  addKeyRoutes(api, context);
  await server.ready();
  return api;
}

function answerProblems(server: FastifyInstance, log: Log): void {
  server.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed');
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  server.setNotFoundHandler(async () => {
    throw new EvalpoolError('NOT_FOUND', 'there is nothing at this path; see /docs');
  });
}

async function describe(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'evalpool', version: VERSION, description: 'Evaluates batches of code in sandboxes.' },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await server.register(async (open) => {
    open.addHook('onRoute', openToEverybody);
    await open.register(swaggerUi, { routePrefix: '/docs' });
    open.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger());
  });
}

function openToEverybody(route: { config?: object }): void {
  route.config = { ...route.config, scope: 'everybody' };
}
