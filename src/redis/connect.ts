import { Redis } from "ioredis";

/**
 * One connection to the Redis on a unix socket, not opened yet; call its `connect()`. It never comes back by itself: whoever holds it
 * makes a new one. No answer within 3 seconds counts as a failure.
 */
export function openRedis(path: string, protocol: 2 | 3): Redis {
  const redis = new Redis({
    path,
    protocol,
    lazyConnect: true,
    retryStrategy: null,
    autoResubscribe: false,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
  });
  // Without a listener ioredis prints them; the holder sees the failed command, or "close".
  redis.on("error", () => {});
  return redis;
}
