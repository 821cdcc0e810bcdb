import type { Database } from '../database/connect.ts';
import { readUnwanted, type Unwanted } from '../database/cancel-batch.ts';
import type { Working } from '../database/tables.ts';
import { deferred, type Deferred } from '../deferred.ts';
import { EvalpoolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Bell, repeat, type Loop } from '../pacing.ts';
import type { Wake } from '../queue/wake.ts';
import type { Stage } from '../stage.ts';

/** How long a cancel whose wake-up was lost may go unnoticed, ms. */
const LOOK_EVERY_MS = 1500;

interface Running extends Working {
  end: AbortController;
}

/** The attempts that this process works on, each with the signal that ends it when it is no longer wanted. */
export class RunningAttempts {
  readonly #running = new Set<Running>();
  #idle: Deferred<void> | undefined;
  /** Why all of them end, and whatever begins later. */
  #over: Error | undefined;

  get all(): Working[] {
    return [...this.#running].map(({ evaluationId, attempt, stage, since }) => ({
      evaluationId,
      attempt,
      stage,
      since,
    }));
  }

  /** Runs the work of an attempt with its signal; `enter` notes the stage it is in. */
  async during<T>(
    { evaluationId, attempt }: { evaluationId: string; attempt: number },
    work: (unwanted: AbortSignal, enter: (stage: Stage) => void) => Promise<T>,
  ): Promise<T> {
    const since = new Date().toISOString();
    const running: Running = { evaluationId, attempt, stage: null, since, end: new AbortController() };
    this.#running.add(running);
    if (this.#over) running.end.abort(this.#over);
    try {
      return await work(running.end.signal, (stage) => {
        Object.assign(running, { stage, since: new Date().toISOString() });
      });
    } finally {
      this.#running.delete(running);
      if (this.#running.size === 0) this.#idle?.resolve();
    }
  }

  /** Resolves once none runs. */
  async allEnded(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#idle = deferred();
    await this.#idle.promise;
  }

  /** Ends every attempt, now and from now on. */
  endAll(why: Error): void {
    this.#over = why;
    for (const { end } of this.#running) end.abort(why);
  }

  /** Ends an attempt; does nothing if it has ended. */
  end({ evaluationId, attempt, why }: Unwanted): void {
    for (const running of this.#running) {
      if (running.evaluationId !== evaluationId || running.attempt !== attempt) continue;
      const [code, message] = REASONS[why];
      running.end.abort(new EvalpoolError(code, message));
    }
  }
}

const REASONS = {
  cancelled: ['CANCELLED', 'its batch was cancelled'],
  overtaken: ['WORKER_LOST', 'another attempt has overtaken this one'],
} as const;

/** Ends attempts whose batch was cancelled or whose spec was replaced: at once when woken, else within two seconds. */
export function watchUnwanted(
  running: RunningAttempts,
  { database, wake, log }: { database: Database; wake: Wake; log: Log },
): Loop {
  const bell = new Bell();
  const off = wake.on('cancel', () => bell.ring());
  const look = async (): Promise<void> => {
    const all = running.all;
    if (all.length === 0) return;
    for (const unwanted of await readUnwanted(database, all)) running.end(unwanted);
  };
  const loop = repeat(look, { bell, ms: LOOK_EVERY_MS }, (error) =>
    log.warn({ err: error }, 'cannot see which attempts are still wanted; the next look tries again'),
  );
  return {
    stop: async () => {
      off();
      await loop.stop();
    },
  };
}
