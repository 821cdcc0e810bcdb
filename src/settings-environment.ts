import type { Config, Variable } from './config.ts';

/**
 * The settings as variables again, for a child process that reads them with readConfig: in the form of one provider, so that
 * the child gets the key of that one and no other.
 */
export function settingsEnvironment(config: Config): Record<string, string> {
  const { provider, health } = config;
  const { overrides } = provider;
  const settings: Partial<Record<Variable, string | number | undefined>> = {
    EVALPOOL_HOME: config.home,
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl,
    EVALPOOL_PROVIDER: provider.name,
    EVALPOOL_TIER: provider.tier,
    EVALPOOL_CONCURRENCY: provider.concurrency,
    EVALPOOL_RESERVE: provider.reserve,
    EVALPOOL_TEMPLATE: provider.template,
    EVALPOOL_NETWORKS: provider.networks.join(','),
    EVALPOOL_MAX_SANDBOXES: overrides.maxSandboxes,
    EVALPOOL_CREATES_PER_S: overrides.createsPerS,
    EVALPOOL_LONGEST_SESSION_S: overrides.longestSessionS,
    EVALPOOL_USD_PER_CPU_S: overrides.usdPerCpuS,
    EVALPOOL_USD_PER_GIB_S: overrides.usdPerGibS,
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
