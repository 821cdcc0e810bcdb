#!/usr/bin/env node
import { startMaintaining, startReaping } from '../src/maintenance/maintain.ts';
import { openSandboxes } from '../src/sandbox/e2b-sandboxes.ts';
import { startProcess } from './start-process.ts';

/** Settles what nobody owns: sandboxes and slots of every provider, the work of lost processes, batches that are over. */
await startProcess({ kind: 'reaper', uses: ({ providers }) => providers }, async (context) => {
  const { database, deployment, metrics, log } = context;
  const loops = [
    startMaintaining(context),
    ...context.providers.map((provider) => {
      const sandboxes = openSandboxes(provider);
      return startReaping({ database, sandboxes, provider: provider.name, deployment, metrics, log });
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
});
