import { z } from 'zod';
import { childEnvironment, secretEnvironment, telemetryEnvironment, type Config } from '../config.ts';
import { settingsEnvironment } from '../settings-environment.ts';
import type { Programs, WorkerKind } from './locate-programs.ts';
import type { Nursery } from './nursery.ts';
import { startChild, type Child } from './start-child.ts';
import { firstLineOf } from './until-ready.ts';

const FirstLine = z.object({ ready: z.literal(true), health: z.string(), process: z.string() });

/** A worker as the stack knows it. */
export interface Worker {
  child: Child;
  /** Base URL of its /healthz and /metrics. */
  health: string;
  /** Its row among the deployment's processes. */
  processId: string;
}

/**
 * Starts one worker and resolves once it is ready. Only evaluators are given the secrets that specs may name, and no
 * dispatcher the provider's key.
 */
export async function startWorker(
  kind: WorkerKind,
  name: string,
  settings: Config,
  under: { nursery: Nursery; programs: Programs },
): Promise<Worker> {
  const secrets = kind === 'evaluator' ? secretEnvironment() : {};
  const apiKey = kind === 'dispatcher' ? undefined : settings.provider.apiKey;
  const own = { ...settings, provider: { ...settings.provider, apiKey } };
  const child = startChild(under.nursery, {
    name,
    argv: [process.execPath, '--enable-source-maps', under.programs.worker(kind)],
    env: { ...childEnvironment(), ...telemetryEnvironment(), ...settingsEnvironment(own), ...secrets },
    endSignal: 'TERM',
    lingerS: 0,
    graceS: 8,
    rank: 0,
  });
  const { health, process: processId } = FirstLine.parse(await firstLineOf(child));
  return { child, health, processId };
}
