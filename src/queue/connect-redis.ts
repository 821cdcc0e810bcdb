import { Redis } from 'ioredis';

/** Opens a connection. `url`: redis://, rediss://, unix:///path or an absolute path of a socket. */
export function connectRedis(url: string, options: { enableOfflineQueue?: boolean } = {}): Redis {
  const path = url.startsWith('unix://') ? url.slice('unix://'.length) : url;
  const shared = { maxRetriesPerRequest: null, ...options };
  const redis = path.startsWith('/') ? new Redis({ ...shared, path }) : new Redis(path, shared);
  // Without a listener ioredis prints each failed try; the commands themselves report what matters.
  redis.on('error', () => {});
  return redis;
}
