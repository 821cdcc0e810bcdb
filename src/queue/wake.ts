import { setTimeout as delay } from 'node:timers/promises';
import { PREFIX } from './names.ts';
import { connectRedis } from './connect-redis.ts';

const LONGEST_PING_MS = 1000;

/**
 * Wake-ups between processes: `dispatch` (work came or moved), `batch:<id>` (one of its evaluations ended),
 * `slot:<provider>` (a slot is free). They may be lost: whoever listens also looks now and then.
 */
export interface Wake {
  send(topic: string): void;
  /** Whether Redis is there, as far as is known. */
  connected(): boolean;
  /** Seconds that Redis takes to answer; undefined: it does not. */
  ping(): Promise<number | undefined>;
  /** Returns the function that stops listening. */
  on(topic: string, listener: () => void): () => void;
  close(): void;
}

/** Opens the wake-ups of this process: one connection to send, one to listen. */
export function openWake(redisUrl: string): Wake {
  const sender = connectRedis(redisUrl, { enableOfflineQueue: false });
  const receiver = connectRedis(redisUrl);
  const listeners = new Map<string, Set<() => void>>();
  receiver.on('message', (channel: string) => {
    for (const listener of listeners.get(channel) ?? []) listener();
  });
  return {
    send: (topic) => void sender.publish(channelOf(topic), '').catch(() => {}),
    connected: () => sender.status === 'ready',
    ping: async () => {
      const startedMs = performance.now();
      const answered = sender.ping().then(() => (performance.now() - startedMs) / 1000);
      return Promise.race([
        answered.catch(() => undefined),
        delay(LONGEST_PING_MS, undefined, { ref: false }),
      ]);
    },
    on: (topic, listener) => {
      const channel = channelOf(topic);
      const among = listeners.get(channel) ?? new Set();
      if (among.size === 0) void receiver.subscribe(channel).catch(() => {});
      listeners.set(channel, among.add(listener));
      return () => {
        among.delete(listener);
        if (among.size === 0) void receiver.unsubscribe(channel).catch(() => {});
      };
    },
    close: () => {
      sender.disconnect();
      receiver.disconnect();
    },
  };
}

function channelOf(topic: string): string {
  return `${PREFIX}:wake:${topic}`;
}
