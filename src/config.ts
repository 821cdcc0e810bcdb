import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { EvalpoolError } from './errors.ts';
import { NETWORKS, type Network } from './stage.ts';

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
  /** Name of the provider whose sandboxes this process uses. */
  EVALPOOL_PROVIDER: z.string().min(1).optional(),
  /** Limits of the provider: local, hobby or pro. */
  EVALPOOL_TIER: z.enum(['local', 'hobby', 'pro']).optional(),
  /** Sandboxes at once, at most the tier's; default: the tier's. */
  EVALPOOL_CONCURRENCY: z.coerce.number().int().positive().optional(),
  /** Template of sandboxes whose spec names none. */
  EVALPOOL_TEMPLATE: z.string().min(1).default('base'),
  /** Networks that the provider's sandboxes can have, comma-separated. */
  EVALPOOL_NETWORKS: z
    .string()
    .default('none,nat,full')
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(NETWORKS))),
  /** What stands around the sandboxes of this machine. */
  EVALPOOL_WALL: z.enum(WALLS).default(WALLS[0]),
  /** The provider's endpoint and key, as E2B's SDK names them. */
  E2B_API_URL: z.string().min(1).optional(),
  E2B_SANDBOX_URL: z.string().min(1).optional(),
  E2B_API_KEY: z.string().min(1).optional(),
  /** Folder of logs and artifacts; default: blobs in EVALPOOL_HOME. */
  EVALPOOL_BLOBS: z.string().min(1).optional(),
  /** Address of a worker's /healthz and /metrics; port 0: any free one, named in the log. */
  EVALPOOL_HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  EVALPOOL_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Time that a worker which was asked to end gives its running work before it hands it back, seconds. */
  EVALPOOL_DRAIN_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
  EVALPOOL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The settings of one process, frozen. */
export interface Config {
  home: string;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  blobs: string;
  provider: ProviderConfig;
  /** Around sandboxes of the provider `local`. */
  wall: WallName;
  health: { host: string; port: number };
  drainS: number;
  logLevel: string;
}

/** Where sandboxes come from. Undefined URLs: E2B's cloud. */
export interface ProviderConfig {
  name: string;
  tier: 'local' | 'hobby' | 'pro' | undefined;
  concurrency: number | undefined;
  template: string;
  networks: readonly Network[];
  apiUrl: string | undefined;
  sandboxUrl: string | undefined;
  apiKey: string | undefined;
}

/** Reads and checks the environment. Throws USAGE that names the variable, what was expected and what was there. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
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
    provider: {
      name: e.EVALPOOL_PROVIDER ?? 'local',
      tier: e.EVALPOOL_TIER,
      concurrency: e.EVALPOOL_CONCURRENCY,
      template: e.EVALPOOL_TEMPLATE,
      networks: e.EVALPOOL_NETWORKS,
      apiUrl: e.E2B_API_URL,
      sandboxUrl: e.E2B_SANDBOX_URL,
      apiKey: e.E2B_API_KEY,
    },
    wall: e.EVALPOOL_WALL,
    health: { host: e.EVALPOOL_HEALTH_HOST, port: e.EVALPOOL_HEALTH_PORT },
    drainS: e.EVALPOOL_DRAIN_SECONDS,
    logLevel: e.EVALPOOL_LOG_LEVEL,
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

/** The settings as variables again, for a child process that reads them with readConfig. */
export function settingsEnvironment(config: Config): Record<string, string> {
  const { provider, health } = config;
  const settings: Partial<Record<keyof z.output<typeof Environment>, string | number | undefined>> = {
    EVALPOOL_HOME: config.home,
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl,
    EVALPOOL_PROVIDER: provider.name,
    EVALPOOL_TIER: provider.tier,
    EVALPOOL_CONCURRENCY: provider.concurrency,
    EVALPOOL_TEMPLATE: provider.template,
    EVALPOOL_NETWORKS: provider.networks.join(','),
    EVALPOOL_WALL: config.wall,
    E2B_API_URL: provider.apiUrl,
    E2B_SANDBOX_URL: provider.sandboxUrl,
    E2B_API_KEY: provider.apiKey,
    EVALPOOL_BLOBS: config.blobs,
    EVALPOOL_HEALTH_HOST: health.host,
    EVALPOOL_HEALTH_PORT: health.port,
    EVALPOOL_DRAIN_SECONDS: config.drainS,
    EVALPOOL_LOG_LEVEL: config.logLevel,
  };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
}

/** Every EVALPOOL_SECRET_<NAME> of this process, for the evaluators and nobody else. */
export function secretEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      key.startsWith('EVALPOOL_SECRET_') && value ? [[key, value]] : [],
    ),
  );
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
