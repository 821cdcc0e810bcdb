import { createLogUpdate } from 'log-update';
import { OUTCOMES, type Outcome } from '../outcome.ts';
import { makePace } from '../pacing.ts';

/** Where a batch stands. */
export interface Standing {
  counts: Record<Outcome, number>;
  unreadable: number;
  total: number;
  running: number;
  /** More may still be accepted. */
  open: boolean;
}

/** Shows how a batch goes on. */
export interface Progress {
  show(standing: Standing): void;
  /** A line that stays, above the live one. */
  say(line: string): void;
  /** Leaves the terminal as it was; nothing is shown from then on. */
  end(): void;
}

/** What a stream needs to be shown progress on. */
export interface ProgressStream extends NodeJS.WritableStream {
  isTTY?: boolean;
}

const PLAIN_EVERY_MS = 10_000;
const LIVE_EVERY_MS = 100;
const RATE_OVER_MS = 30_000;

/** On a terminal one line that is written anew; elsewhere a plain line now and then. */
export function openProgress(stream: ProgressStream, now: () => number = Date.now): Progress {
  const live = stream.isTTY === true;
  // The cursor stays visible: whatever kills this process, the terminal is as it was.
  const update = live ? createLogUpdate(stream, { showCursor: true }) : undefined;
  const pace = makePace(RATE_OVER_MS);
  let shownAt = live ? -Infinity : now();
  return {
    show(standing) {
      const at = now();
      const rate = pace(at, ended(standing) - standing.unreadable);
      if (at - shownAt < (live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
      shownAt = at;
      const line = progressLine(standing, rate);
      if (update) update(line);
      else stream.write(`${line}\n`);
    },
    say(line) {
      update?.clear();
      stream.write(`${line}\n`);
    },
    end: () => {
      update?.clear();
      update?.done();
    },
  };
}

/** One line: counts by outcome, how many of how many, running, rate and time to go. `perS`: null while unknown. */
export function progressLine(standing: Standing, perS: number | null): string {
  const { counts, unreadable, total, running, open } = standing;
  const invalid = counts.invalid + unreadable;
  const done = ended(standing);
  const outcomes = `passed ${counts.passed} · failed ${counts.failed} · timed out ${counts.timed_out} · invalid ${invalid} · infra ${counts.infra_error}`;
  const speed = perS === null ? '' : `, ${perS < 10 ? perS.toFixed(1) : Math.round(perS)}/s`;
  const left = total + unreadable - done;
  const eta = perS === null || open || left === 0 ? '' : `, ETA ${duration(left / perS)}`;
  return `${outcomes} — ${done} of ${total + unreadable}${open ? '+' : ''}, ${running} running${speed}${eta}`;
}

/** Seconds as people say them: 42s, 3m 10s, 2h 5m. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}

function ended({ counts, unreadable }: Standing): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], unreadable);
}
