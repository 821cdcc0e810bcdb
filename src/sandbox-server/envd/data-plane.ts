import type { FastifyInstance } from 'fastify';
import { awaken, enter } from './addressed-sandbox.ts';
import { compose } from './compose.ts';
import { addConnectRpc } from './connect-rpc.ts';
import { addFiles } from './files.ts';
import { readMetrics } from './metrics.ts';
import { Refusal } from '../refusal.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { isSameSecret } from '../secrets.ts';
import { sandboxVariables } from './variables.ts';

const UNAUTHORIZED =
  'unauthorized access, please provide a valid access token or method signing if supported';

/** What envd answers inside every sandbox: processes, files, environment. */
export function addDataPlane(app: FastifyInstance, sandboxes: Sandboxes): void {
  void app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request, reply) => {
      if (!enter(request, reply, sandboxes)) return reply;
      if (!isSameSecret(request.headers['x-access-token'], request.sandbox.token))
        throw new Refusal(401, UNAUTHORIZED);
      if (!(await awaken(request, reply, sandboxes))) return reply;
    });
    guarded.get('/envs', ({ sandbox }) => sandboxVariables(sandbox));
    guarded.get('/metrics', ({ sandbox }) => readMetrics(sandbox, sandboxes));
    guarded.post('/files/compose', compose);
    void guarded.register(async (rpc) => addConnectRpc(rpc, sandboxes));
  });
  void app.register(async (files) => addFiles(files, sandboxes));
}
