import { ACCOUNT_LIMITS } from '../../account-limits.ts';
import { Refusal } from '../refusal.ts';
import { SlidingSecond } from './sliding-second.ts';
import type { Tier } from './tier.ts';

/** Holds creations to the tier that the server plays, in E2B's order: first the rate, at its gate, then the room. */
export class Admission {
  readonly #created = new SlidingSecond();
  /** May be changed at any time; what already lives stays. */
  tier: Tier;

  constructor(tier: Tier) {
    this.tier = tier;
  }

  /**
   * Lets one more creation in, as it arrives. Throws 429 in E2B's words with Retry-After when they come too fast.
   * What comes of it does not matter: one that then finds no room, or is refused otherwise, was one for the rate.
   */
  admit(nowMs = performance.now()): void {
    const { createsPerS } = this.tier;
    if (createsPerS === null) return;
    if (this.#created.countAt(nowMs) >= createsPerS)
      throw new Refusal(429, 'Rate limit exceeded', {
        ...this.rateHeaders(nowMs),
        'retry-after': String(Math.max(1, Math.ceil(this.#created.nextMs(nowMs) / 1000))),
      });
    this.#created.add(nowMs);
  }

  /** Throws 429 in E2B's words when there is no room for one more beside `held` others. */
  checkRoom(held: number): void {
    const { maxSandboxes } = this.tier;
    if (maxSandboxes !== null && held >= maxSandboxes) throw this.#full(maxSandboxes);
  }

  /** What E2B's API tells of the rate with every reply to a creation; nothing where there is none. */
  rateHeaders(nowMs = performance.now()): Record<string, string> {
    const { createsPerS } = this.tier;
    if (createsPerS === null) return {};
    return {
      'ratelimit-limit': String(createsPerS),
      'ratelimit-remaining': String(Math.max(0, createsPerS - this.#created.countAt(nowMs))),
      'ratelimit-reset': String(Math.ceil(this.#created.nextMs(nowMs) / 1000)),
    };
  }

  // Whoever plays E2B hears E2B; whoever set the limit himself hears where.
  #full(maxSandboxes: number): Refusal {
    const advice = Object.hasOwn(ACCOUNT_LIMITS, this.tier.name)
      ? "If you need more, please visit 'https://e2b.dev/docs/billing'"
      : `It is the limit of this server's tier '${this.tier.name}'`;
    return new Refusal(
      429,
      `you have reached the maximum number of concurrent E2B sandboxes (${maxSandboxes}). ${advice}`,
    );
  }
}
