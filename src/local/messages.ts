import { createHash } from 'node:crypto';
import { z } from 'zod';
import { secretEnvironment, type Config } from '../config.ts';
import { settingsEnvironment } from '../settings-environment.ts';
import { ERRORS, EvalpoolError, type ErrorCode } from '../errors.ts';
import { Wall } from './start-sandbox-server.ts';

/*
 * The talk between the keeper and the runs that hold a lease, one JSON object a line:
 *   run → keeper   hello (first, asks for a lease) · leave
 *   keeper → run   progress · ready · refused (no lease) · failed (the stack cannot be kept up) · staying (others remain)
 * Leases end with their connection. The keeper closes all of them when the stack is down.
 */

const Facts = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string(),
  blobs: z.string(),
  provider: z.object({
    name: z.string(),
    tier: z.string(),
    maxSandboxes: z.number(),
    createsPerS: z.number().nullable(),
    apiUrl: z.string().nullable(),
    sandboxUrl: z.string().nullable(),
    apiKey: z.string().nullable(),
    wall: Wall.nullable(),
  }),
  processes: z.array(z.object({ name: z.string(), health: z.string() })),
});

/** Where everything of a running stack is. It carries the provider's key: for this user only. */
export type StackFacts = z.output<typeof Facts>;

const Problem = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && code in ERRORS),
  message: z.string(),
});

/** What a run says to the keeper. */
export const FromRun = z.discriminatedUnion('say', [
  z.object({
    say: z.literal('hello'),
    version: z.string(),
    build: z.string(),
    /** Null: the stack may be any. */
    settings: z.record(z.string(), z.string()).nullable(),
    concurrency: z.number().int().positive().optional(),
  }),
  z.object({ say: z.literal('leave') }),
]);
export type FromRun = z.output<typeof FromRun>;

/** What the keeper says to a run. */
export const FromKeeper = z.discriminatedUnion('say', [
  z.object({ say: z.literal('progress'), text: z.string() }),
  z.object({ say: z.literal('ready'), facts: Facts }),
  z.object({ say: z.literal('refused'), problem: Problem }),
  z.object({ say: z.literal('failed'), problem: Problem }),
  z.object({ say: z.literal('staying') }),
]);
export type FromKeeper = z.output<typeof FromKeeper>;

/** An error as it travels. */
export function problemOf(error: EvalpoolError): z.output<typeof Problem> {
  return { code: error.code, message: error.message };
}

/** The settings that all runs of one stack must share, each as a short hash, so that secrets do not travel. */
export function settingsMarks(config: Config): Record<string, string> {
  const own = [
    'EVALPOOL_DRAIN_SECONDS',
    'EVALPOOL_CONCURRENCY',
    'EVALPOOL_LOG_LEVEL',
    'EVALPOOL_HEALTH_HOST',
    'EVALPOOL_HEALTH_PORT',
  ];
  const shared = Object.entries({ ...settingsEnvironment(config), ...secretEnvironment() });
  return Object.fromEntries(
    shared
      .filter(([name]) => !own.includes(name))
      .map(([name, value]) => [name, createHash('sha256').update(value).digest('hex').slice(0, 12)]),
  );
}
