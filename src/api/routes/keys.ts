import { z } from 'zod';
import { SCOPES } from '../../api-key.ts';
import { addKey, listKeys, revokeKey, type ApiKey } from '../../database/api-keys.ts';
import { EvalpoolError } from '../../errors.ts';
import { callerOfRequest } from '../authenticate.ts';
import type { Api, ApiContext } from '../open-api.ts';
import { ProblemView, TenantName } from '../schemas.ts';

const KeyView = z.object({
  id: z.string(),
  tenant: z.string(),
  label: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

const NewKey = z.strictObject({
  tenant: TenantName,
  label: z.string().max(100).default(''),
  scopes: z.array(z.enum(SCOPES)).min(1).default(['submit', 'read']),
  expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
});

const tags = ['keys'];
const config = { scope: 'admin' } as const;

/** Keys of all tenants, for administrators. */
export function addKeyRoutes(api: Api, context: ApiContext): void {
  addMaking(api, context);
  addListing(api, context);
  addRevoking(api, context);
}

function addMaking(api: Api, { database }: ApiContext): void {
  const made = KeyView.extend({ secret: z.string().describe('Shown now and never again.') });
  api.post(
    '/v1/keys',
    {
      schema: { tags, summary: 'Make a key', body: NewKey, response: { 201: made, '4xx': ProblemView } },
      config,
    },
    async (request, reply) => {
      const { expiresAt, ...wanted } = request.body;
      const until = expiresAt === null ? null : new Date(expiresAt);
      const { key, secret } = await addKey(database, callerOfRequest(request), {
        ...wanted,
        expiresAt: until,
      });
      return reply.code(201).send({ ...viewKey(key), secret });
    },
  );
}

function addListing(api: Api, { database }: ApiContext): void {
  api.get(
    '/v1/keys',
    {
      schema: {
        tags,
        summary: 'List keys, without their secrets',
        response: { 200: z.object({ keys: z.array(KeyView) }) },
      },
      config,
    },
    async () => ({ keys: (await listKeys(database, null)).map(viewKey) }),
  );
}

function addRevoking(api: Api, { database }: ApiContext): void {
  const params = z.object({ key: z.string().regex(/^\d{1,18}$/, 'the id of a key') });
  api.delete(
    '/v1/keys/:key',
    {
      schema: {
        tags,
        summary: 'Revoke a key, at once',
        params,
        response: { 204: z.null(), '4xx': ProblemView },
      },
      config,
    },
    async (request, reply) => {
      const { key: id } = request.params;
      if (!(await revokeKey(database, callerOfRequest(request), { id, tenant: null })))
        throw new EvalpoolError('NOT_FOUND', `there is no key ${id}`);
      return reply.code(204).send(null);
    },
  );
}

function viewKey(key: ApiKey): z.output<typeof KeyView> {
  return {
    ...key,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}
