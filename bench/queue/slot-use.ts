/** When something held a slot, ms of one clock. */
export interface Held {
  fromMs: number;
  toMs: number;
}

/** How well slots were used while there was work to wait for them. */
export interface SlotUse {
  /** Slot-time held / (limit × time), after ramp-up and before the tail. */
  share: number;
  /** Until as many were held at once as the limit allows; null: they never were. */
  rampUpS: number | null;
  /** From the last start, when nothing waited any more, to the last end. */
  tailS: number;
  most: number;
}

/** Reads it off the times at which slots were held. The ramp-up ends when all are held, the tail begins with the last start. */
export function slotUse(held: readonly Held[], limit: number): SlotUse {
  const [firstMs, lastFromMs] = [least(held, ({ fromMs }) => fromMs), most(held, ({ fromMs }) => fromMs)];
  const lastToMs = most(held, ({ toMs }) => toMs);
  const { fullAtMs, highest } = follow(held, limit);
  const [beginMs, endMs] = [fullAtMs ?? firstMs, lastFromMs];
  const usedMs = held.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, beginMs)),
    0,
  );
  return {
    share: usedMs / (limit * (endMs - beginMs)),
    rampUpS: fullAtMs === undefined ? null : (fullAtMs - firstMs) / 1000,
    tailS: (lastToMs - lastFromMs) / 1000,
    most: highest,
  };
}

/** One line of it. */
export function slotUseLine(who: string, { share, rampUpS, tailS, most: highest }: SlotUse): string {
  const ramp = rampUpS === null ? 'never full' : `full after ${rampUpS.toFixed(1)} s`;
  return `slot use by ${who}: ${(share * 100).toFixed(2)} %; ${ramp}, tail ${tailS.toFixed(1)} s, most at once ${highest}`;
}

function follow(held: readonly Held[], limit: number): { fullAtMs: number | undefined; highest: number } {
  const steps = held
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, by: 1 },
      { atMs: toMs, by: -1 },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || a.by - b.by);
  let [now, highest] = [0, 0];
  let fullAtMs: number | undefined;
  for (const { atMs, by } of steps) {
    now += by;
    highest = Math.max(highest, now);
    if (now >= limit) fullAtMs ??= atMs;
  }
  return { fullAtMs, highest };
}

function least<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((found, item) => Math.min(found, read(item)), Infinity);
}

function most<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((found, item) => Math.max(found, read(item)), -Infinity);
}
