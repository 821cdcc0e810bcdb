import { PREFIX } from './names.ts';
import { connectRedis } from './connect-redis.ts';

/**
 * Wake-ups between processes: `dispatch` (work came or moved), `batch:<id>` (one of its evaluations ended),
 * `slot:<provider>` (a slot is free). They may be lost: whoever listens also looks now and then.
 */
export interface Wake {
  send(topic: string): void;
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
