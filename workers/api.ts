#!/usr/bin/env node
import { openApi } from '../src/api/open-api.ts';
import { isChosen } from '../src/choose-provider.ts';
import { listenWithKeys } from '../src/api/listen.ts';
import { startProcess } from './start-process.ts';

/** Serves the HTTP API. Any number may run: all they know is in Postgres. */
await startProcess({ kind: 'api', uses: () => [] }, async (context) => {
  const { config, database, lease, wake, log } = context;
  const provider = isChosen(config) ? config.provider.name : undefined;
  const api = await openApi({ database, wake, log, provider, over: lease.lost });
  const url = await listenWithKeys(api, database, config.api);
  log.info({ url }, 'listening');
  return { stop: async () => api.close() };
});
