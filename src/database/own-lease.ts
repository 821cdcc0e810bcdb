import type { Database } from './connect.ts';
import { beat, endProcess, registerProcess } from './processes.ts';
import type { LogLevel } from '../log-level.ts';
import type { Log } from '../log.ts';
import { repeat } from '../pacing.ts';
import type { Working } from './tables.ts';

const PACE = {
  beatMs: 5000,
  /** Without a heartbeat of ours for this long another process may have taken our work: shorter than the reaper's wait. */
  unsureAfterMs: 20_000,
  /** Most likely the database is away, and then nobody took it. Sandboxes that were not renewed end about now (LIFE_S). */
  lostAfterMs: 90_000,
};

/** This process's right to what it claimed, renewed by one heartbeat for all of it. */
export interface OwnLease {
  processId: string;
  /** Aborted when the right is lost, by the word of the database or for want of any: stop everything, write nothing. */
  lost: AbortSignal;
  /** True while the last heartbeat is fresh by our own clock. False: begin and write nothing until the next one is answered. */
  held(): boolean;
  /** What the heartbeats tell of this process's work. */
  tell(working: () => readonly Working[]): void;
  end(): Promise<void>;
}

/** Registers this process and keeps its heart beating. */
export async function keepLease(
  database: Database,
  of: { kind: string; provider?: string | undefined },
  log: Log,
  pace: Readonly<typeof PACE> = PACE,
): Promise<OwnLease> {
  const processId = await registerProcess(database, of.kind, of.provider);
  const lost = new AbortController();
  let beatAtMs = performance.now();
  let working: (() => readonly Working[]) | undefined;
  const ageMs = (): number => performance.now() - beatAtMs;
  const follow = followLevel(log);
  const held = (): boolean => !lost.signal.aborted && ageMs() < pace.unsureAfterMs;
  const check = (): void => {
    if (ageMs() >= pace.lostAfterMs) lost.abort(new Error('the heartbeat of this process is too old'));
  };
  const loop = repeat(
    async () => {
      const startedMs = performance.now();
      const answer = await beat(database, processId, working?.() ?? []);
      if (!answer) return lost.abort(new Error('this process was declared dead'));
      beatAtMs = startedMs;
      follow(answer.logLevel);
    },
    { ms: pace.beatMs },
    (error) => log.warn({ err: error }, 'a heartbeat failed'),
  );
  const watch = setInterval(check, pace.beatMs / 5);
  return {
    processId,
    lost: lost.signal,
    held,
    tell: (now) => (working = now),
    end: async () => {
      clearInterval(watch);
      await loop.stop();
      await endProcess(database, processId);
    },
  };
}

// Null: what it was started with.
function followLevel(log: Log): (level: LogLevel | null) => void {
  const own = log.level;
  return (level) => {
    const wanted = level ?? own;
    if (wanted === log.level) return;
    log.level = wanted;
    log.info({ logLevel: wanted }, 'the level of this log was changed');
  };
}
