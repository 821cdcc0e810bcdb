import { SlidingSecond } from '../limits/sliding-second.ts';
import { EntryLog } from './entry-log.ts';

/** Why a sandbox is gone. `ended`: its box ended by itself; `closed`: the server did. */
export type End = 'killed' | 'expired' | 'vanished' | 'ended' | 'closed';

/** Why a creation was refused. `failed`: our own fault; `fault`: one that was ordered. */
export type CreateRefusal = 'rate' | 'concurrency' | 'invalid' | 'failed' | 'fault';

/** A request that creates or destroys, once its connection has seen the last of it. */
export interface LedgerRequest {
  /** By the ledger's clock. */
  askedAtMs: number;
  /** Which sandbox; null: none came of it. */
  id: string | null;
  /** Null: the connection broke before an answer was out. */
  status: number | null;
}

/** Entries above this are forgotten, oldest first: some 900,000, or 180,000 sandboxes with metadata of usual size. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Unix time in ms with a fraction, of a clock that never steps. */
export function ledgerMs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000;
}

/**
 * What came of every creation and destruction, whoever asked: the referee.
 * 1. Facts: when each sandbox came to live, was paused, went on and was gone, and the most that lived at once.
 * 2. Requests: when each arrived and was answered, and the most creations in any second, as they arrived and as accepted.
 * 3. Totals last until `reset`; entries up to MAX_BYTES.
 */
export class Ledger {
  readonly #entries = new EntryLog(MAX_BYTES);
  #live = 0;
  #tally = newTally(0);

  /** A creation arrived: the time to give back with it. */
  arrive(): number {
    const nowMs = ledgerMs();
    this.#tally.arrived.add(nowMs);
    this.#tally.creates.asked += 1;
    return nowMs;
  }

  /** A creation that has just arrived was not too fast for the tier. */
  accept(): void {
    this.#tally.accepted.add(ledgerMs());
    this.#tally.creates.accepted += 1;
  }

  /** From now on there is this sandbox. */
  live(id: string, of: { template: string; metadata: Readonly<Record<string, string>> }): void {
    const atMs = this.#oneMore();
    this.#tally.creates.created += 1;
    this.#enter({ what: 'live', id, atMs, template: of.template, metadata: of.metadata });
  }

  /** It stands still and does not count as live. */
  paused(id: string): void {
    this.#live -= 1;
    this.#enter({ what: 'paused', id, atMs: ledgerMs() });
  }

  /** It was paused and goes on. */
  resumed(id: string): void {
    this.#enter({ what: 'resumed', id, atMs: this.#oneMore() });
  }

  /** Nothing is left of it, which was live or else paused. */
  gone(id: string, why: End, wasLive: boolean): void {
    if (wasLive) this.#live -= 1;
    this.#tally.gone[why] += 1;
    this.#enter({ what: 'gone', id, atMs: ledgerMs(), why });
  }

  created(request: LedgerRequest, refused: CreateRefusal | null): void {
    const { creates } = this.#tally;
    if (refused !== null) creates.refused[refused] += 1;
    if (request.status === null) creates.unanswered += 1;
    this.#enterRequest('create', request, refused === null ? {} : { refused });
  }

  destroyed(request: LedgerRequest): void {
    const { destroys } = this.#tally;
    destroys.asked += 1;
    if (request.status === null) destroys.unanswered += 1;
    else if (request.status === 404) destroys.notFound += 1;
    else if (request.status !== 204) destroys.failed += 1;
    this.#enterRequest('destroy', request, {});
  }

  /** Everything but the entries. */
  summary(): object {
    const { sinceMs, highest, arrived, accepted, creates, destroys, gone } = this.#tally;
    return {
      nowMs: ledgerMs(),
      sinceMs,
      live: this.#live,
      highest,
      mostCreatesInASecond: { arrived: arrived.peak, accepted: accepted.peak },
      creates,
      destroys,
      gone,
      entries: { first: this.#entries.first, last: this.#entries.last },
    };
  }

  /** Entries after that number, as lines of JSON. */
  entriesAfter(number: number): Buffer[] {
    return this.#entries.after(number);
  }

  /** Begins anew: what lives now still counts as live. */
  reset(): void {
    this.#entries.clear();
    this.#tally = newTally(this.#live);
  }

  #oneMore(): number {
    const atMs = ledgerMs();
    this.#live += 1;
    if (this.#live > this.#tally.highest.live) this.#tally.highest = { live: this.#live, atMs };
    return atMs;
  }

  #enterRequest(what: 'create' | 'destroy', { id, askedAtMs, status }: LedgerRequest, more: object): void {
    const answeredAtMs = status === null ? null : ledgerMs();
    this.#enter({ what, id, askedAtMs, answeredAtMs, status, ...more });
  }

  #enter(entry: object): void {
    this.#entries.append(JSON.stringify({ n: this.#entries.last + 1, ...entry }));
  }
}

interface Tally {
  sinceMs: number;
  highest: { live: number; atMs: number };
  arrived: SlidingSecond;
  accepted: SlidingSecond;
  creates: {
    asked: number;
    accepted: number;
    created: number;
    unanswered: number;
    refused: Record<CreateRefusal, number>;
  };
  destroys: { asked: number; notFound: number; failed: number; unanswered: number };
  gone: Record<End, number>;
}

function newTally(live: number): Tally {
  const sinceMs = ledgerMs();
  return {
    sinceMs,
    highest: { live, atMs: sinceMs },
    arrived: new SlidingSecond(),
    accepted: new SlidingSecond(),
    creates: {
      asked: 0,
      accepted: 0,
      created: 0,
      unanswered: 0,
      refused: { rate: 0, concurrency: 0, invalid: 0, failed: 0, fault: 0 },
    },
    destroys: { asked: 0, notFound: 0, failed: 0, unanswered: 0 },
    gone: { killed: 0, expired: 0, vanished: 0, ended: 0, closed: 0 },
  };
}
