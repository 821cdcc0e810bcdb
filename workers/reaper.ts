#!/usr/bin/env node
import { startMaintaining } from '../src/maintenance/maintain.ts';
import { openSandboxes } from '../src/sandbox/e2b-sandboxes.ts';
import { startProcess } from './start-process.ts';

/** Settles what nobody owns: sandboxes, slots, the work of lost processes, batches that are over. */
await startProcess('reaper', async ({ config, database, deployment, wake, metrics, log }) => {
  const provider = config.provider.name;
  const sandboxes = openSandboxes(config.provider);
  return startMaintaining({ database, sandboxes, provider, deployment, metrics, log, wake });
});
