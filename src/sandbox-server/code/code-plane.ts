import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { awaken, CODE_PORT, enter } from '../envd/addressed-sandbox.ts';
import { asRefusal, Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { isSameSecret } from '../secrets.ts';
import { parseAs, parseJson, Variables } from '../shapes.ts';
import type { CodeContext } from './context.ts';
import { contextsOf } from './contexts.ts';
import { EventLines } from './event-lines.ts';
import { languageNamed } from './languages.ts';

/** Largest request, which is little more than its code. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const ExecuteRequest = z.object({
  code: z.string(),
  context_id: z.string().nullish(),
  language: z.string().nullish(),
  env_vars: Variables.nullish(),
});
const ContextRequest = z.object({ language: z.string().nullish(), cwd: z.string().nullish() });

type ById = { Params: { id: string } };

/** What E2B's code interpreter answers on port 49999 of a sandbox: run code, contexts. */
export function addCodePlane(app: FastifyInstance, sandboxes: Sandboxes): void {
  const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
  app.addContentTypeParser('application/json', options, async (_request: FastifyRequest, body: Buffer) =>
    parseJson(body),
  );
  app.addHook('onRequest', async (request, reply) => {
    if (!enter(request, reply, sandboxes, CODE_PORT)) return reply;
    checkToken(request);
    if (!(await awaken(request, reply, sandboxes))) return reply;
  });
  app.setErrorHandler((error, request, reply) => refuse(error, request, { reply, sandboxes }));
  app.post('/execute', (request, reply) => execute(request, reply, sandboxes));
  app.get('/contexts', ({ sandbox }) => [...contextsOf(sandbox).all()].map(describe));
  app.post('/contexts', async ({ sandbox, body }) => {
    const { language, cwd } = parseAs(ContextRequest, body);
    return describe(await contextsOf(sandbox).create(languageNamed(language), cwd));
  });
  app.delete<ById>('/contexts/:id', async ({ sandbox, params }, reply) => {
    await contextsOf(sandbox).remove(params.id);
    return reply.code(204).send();
  });
  app.post<ById>('/contexts/:id/restart', async ({ sandbox, params }, reply) => {
    await contextsOf(sandbox).get(params.id).restart();
    return reply.code(204).send();
  });
}

// The SDK sends the token to /execute only. A sandbox's id, which nobody guesses, opens the rest, as at E2B.
function checkToken({ url, headers, sandbox }: FastifyRequest): void {
  const token = headers['x-access-token'];
  const needed = url.split('?', 1)[0] === '/execute';
  if (token === undefined && !needed) return;
  if (!isSameSecret(token, sandbox.token))
    throw new Refusal(401, 'the header X-Access-Token is missing or not the token of this sandbox');
}

async function execute(request: FastifyRequest, reply: FastifyReply, sandboxes: Sandboxes): Promise<void> {
  const { sandbox } = request;
  const { code, context_id, language, env_vars } = parseAs(ExecuteRequest, request.body);
  if (context_id && language) throw new Refusal(400, 'Only one of context_id or language can be provided');
  const contexts = contextsOf(sandbox);
  const context = context_id ? contexts.get(context_id) : contexts.ofLanguage(languageNamed(language));
  context.checkRoom();
  reply.hijack();
  const lines = new EventLines(reply.raw);
  sandbox.streams.add(lines);
  void lines.closed.then(() => sandbox.streams.delete(lines));
  try {
    await context.execute({ code, envs: env_vars ?? {} }, lines);
  } catch (error) {
    sandboxes.options.log.error({ err: error, sandbox: sandbox.id }, 'an execution failed');
    lines.abort();
  }
}

function describe({ id, language, cwd }: CodeContext): object {
  return { id, language: language.name, cwd };
}

// Plain text, and the same as reason phrase: of most errors that is all the SDK shows.
function refuse(
  error: unknown,
  { url, sandbox }: FastifyRequest,
  { reply, sandboxes }: { reply: FastifyReply; sandboxes: Sandboxes },
): FastifyReply {
  const gone = sandbox !== undefined && sandboxes.find(sandbox.id) === undefined;
  const refusal = gone ? new Refusal(502, 'the sandbox is gone') : asRefusal(error);
  if (refusal.status === 500) sandboxes.options.log.error({ err: error, url }, 'request failed');
  reply.raw.statusMessage = refusal.message.replaceAll(/[^ -~]/g, '?');
  return reply.code(refusal.status).type('text/plain').send(refusal.message);
}
