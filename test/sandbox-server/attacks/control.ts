import type { Attack } from './attack.ts';
import { dataPlaneHeaders } from '../start-test-server.ts';

const GUARDED = [
  'GET /sandboxes',
  'GET /v2/sandboxes',
  'POST /sandboxes',
  'POST /v2/sandboxes',
  'GET /sandboxes/ID',
  'DELETE /sandboxes/ID',
  'POST /sandboxes/ID/timeout',
  'POST /sandboxes/ID/connect',
  'POST /v2/sandboxes/ID/connect',
  'POST /sandboxes/ID/pause',
  'PUT /sandboxes/ID/network',
  'GET /sandboxes/ID/metrics',
  'GET /sandboxes/ID/logs',
  'GET /admin/ledger',
  'PUT /admin/faults',
  'PUT /admin/tier',
  'POST /admin/reset',
];

/** To use the server without its key, or one sandbox by the token of another. */
export const CONTROL: readonly Attack[] = [
  {
    name: 'use the control API without its key',
    attempt: async (field) => {
      const { sandboxId } = await field.sandbox();
      const taken: string[] = [];
      for (const keys of [
        {},
        { 'x-api-key': '' },
        { 'x-api-key': 'e2b_local' },
        { authorization: `Bearer ${field.apiKey}` },
      ])
        for (const route of GUARDED) {
          const [method = '', path = ''] = route.replace('ID', sandboxId).split(' ');
          const body = method === 'GET' || method === 'DELETE' ? null : '{}';
          const headers = { ...keys, ...(body && { 'content-type': 'application/json' }) };
          const reply = await fetch(field.url + path, { method, headers, body });
          if (reply.status !== 401) taken.push(`${route}: ${reply.status}`);
        }
      return taken.join(', ');
    },
  },
  {
    name: 'use another sandbox by its own token',
    attempt: async (field) => {
      const [own, other] = [await field.sandbox(), await field.sandbox()];
      const headers = { ...dataPlaneHeaders(own), 'e2b-sandbox-id': other.sandboxId };
      const asked = ['/files?path=/etc/passwd', '/envs', '/files?path=../../etc/passwd'].map((path) =>
        fetch(field.url + path, { headers }),
      );
      const calls = ['process.Process/List', 'filesystem.Filesystem/Stat'].map((call) =>
        fetch(`${field.url}/${call}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: '{"path":"/"}',
        }),
      );
      const replies = await Promise.all([...asked, ...calls]);
      return replies
        .filter(({ ok }) => ok)
        .map(({ url }) => url)
        .join(' ');
    },
  },
];
