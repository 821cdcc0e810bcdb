import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { chooseProvider, PROVIDER_VARIABLES, type Providers } from './choose-provider.ts';
import { EvalpoolError } from './errors.ts';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';
import { passwordOf, secretsOf } from './secrets-of.ts';
import { readTracing, type TracingSettings } from './tracing-settings.ts';

/** What can stand around the sandboxes of this machine; the first is the default. */
export const WALLS = ['bubblewrap', 'runsc'] as const;
export type WallName = (typeof WALLS)[number];

/** Every setting that enters by the environment, with its default. Nothing else reads the environment. */
const Environment = z.object({
  /** Folder of the local stack: database, queue, sandboxes, logs. */
  EVALPOOL_HOME: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  /** postgres:// URL; default: an embedded Postgres in EVALPOOL_HOME. */
  DATABASE_URL: z.string().min(1).optional(),
  /** redis:// or unix socket URL; default: a redis-server from PATH in EVALPOOL_HOME. */
  REDIS_URL: z.string().min(1).optional(),
  ...PROVIDER_VARIABLES,
  /** What stands around the sandboxes of this machine. */
  EVALPOOL_WALL: z.enum(WALLS).default(WALLS[0]),
  /** Folder of logs and artifacts; default: blobs in EVALPOOL_HOME. */
  EVALPOOL_BLOBS: z.string().min(1).optional(),
  /** Address of a worker's /healthz and /metrics; port 0: any free one, named in the log. */
  EVALPOOL_HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  EVALPOOL_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Address of the HTTP API. */
  EVALPOOL_API_HOST: z.string().min(1).default('127.0.0.1'),
  EVALPOOL_API_PORT: z.coerce.number().int().min(0).max(65_535).default(8321),
  /** Time that a worker which was asked to end gives its running work before it hands it back, seconds. */
  EVALPOOL_DRAIN_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
  EVALPOOL_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

/** A variable that is a setting. */
export type Variable = keyof z.output<typeof Environment>;

/** The settings of one process, frozen. */
export interface Config extends Providers {
  home: string;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  blobs: string;
  /** Around sandboxes of the provider `local`. */
  wall: WallName;
  health: { host: string; port: number };
  api: { host: string; port: number };
  drainS: number;
  logLevel: LogLevel;
  tracing: TracingSettings;
}

/**
 * Reads and checks the environment; `chosen` goes before EVALPOOL_PROVIDER. Throws USAGE that names the variable, what was
 * expected and what was there.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, chosen?: string): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) throw badSetting(parsed.error);
  const e = parsed.data;
  const home = e.EVALPOOL_HOME ?? join(stateHome(e.XDG_STATE_HOME), 'evalpool');
  return Object.freeze({
    home,
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    blobs: e.EVALPOOL_BLOBS ?? join(home, 'blobs'),
    ...chooseProvider(e, set, chosen),
    wall: e.EVALPOOL_WALL,
    health: { host: e.EVALPOOL_HEALTH_HOST, port: e.EVALPOOL_HEALTH_PORT },
    api: { host: e.EVALPOOL_API_HOST, port: e.EVALPOOL_API_PORT },
    drainS: e.EVALPOOL_DRAIN_SECONDS,
    logLevel: e.EVALPOOL_LOG_LEVEL,
    tracing: readTracing(set),
  });
}

/** The value of a secret that a spec names, from EVALPOOL_SECRET_<NAME> of this process. */
export function readSecret(name: string): string | undefined {
  return process.env[`EVALPOOL_SECRET_${name}`];
}

/** The key that a sandbox server started by hand asks of its callers, from EVALPOOL_SANDBOX_KEY; undefined: it makes one. */
export function readSandboxKey(): string | undefined {
  return process.env['EVALPOOL_SANDBOX_KEY'] || undefined;
}

/** Lets the E2B SDK hold this many command streams at once, unless the environment says otherwise; before its first request. */
export function raiseStreamLimit(streams: number): void {
  process.env['E2B_ENVD_RPC_CONNECTIONS'] ??= String(streams);
}

/** The environment that a child process of ours starts from: what programs need, none of our settings or secrets. */
export function childEnvironment(): Record<string, string> {
  const pass = [
    'PATH',
    'HOME',
    'USER',
    'LANG',
    'TZ',
    'TMPDIR',
    'SSH_AUTH_SOCK',
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'GIT_SSL_CAINFO',
  ];
  return Object.fromEntries(pass.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])));
}

/** Every EVALPOOL_SECRET_<NAME> of this process, for the evaluators and nobody else. */
export function secretEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      key.startsWith('EVALPOOL_SECRET_') && value ? [[key, value]] : [],
    ),
  );
}

/** OpenTelemetry's standard variables of this process, which its SDK reads by itself, for the workers and nobody else. */
export function telemetryEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      key.startsWith('OTEL_') && value ? [[key, value]] : [],
    ),
  );
}

/** What no log of this process may show. */
export function knownSecrets(config?: Config): string[] {
  const keys = [config?.provider, ...(config?.providers ?? [])].map((provider) => provider?.apiKey);
  const addresses = [config?.databaseUrl, config?.redisUrl];
  return [
    ...secretsOf(process.env),
    ...[...keys, ...addresses.map(passwordOf)].filter((secret) => secret !== undefined),
  ];
}

// Root's own home is closed to the ordinary users that Postgres and the sandboxes run as.
function stateHome(xdg: string | undefined): string {
  if (xdg) return xdg;
  return process.getuid?.() === 0 ? '/var/lib' : join(homedir(), '.local', 'state');
}

function badSetting(error: z.ZodError): EvalpoolError {
  const issue = error.issues[0];
  const variable = String(issue?.path[0] ?? 'environment');
  return new EvalpoolError('USAGE', `${variable}: ${issue?.message ?? 'not valid'}`);
}
