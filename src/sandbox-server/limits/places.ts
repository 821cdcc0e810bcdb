import type { Admission } from './admission.ts';

/** One place among the sandboxes that the tier allows at once. */
export interface Place {
  readonly isTaken: boolean;
  /** Safe to call twice. */
  giveBack(): void;
}

/** Who counts against the tier: what opens, runs and dies, but not what is paused, as E2B counts. */
export class Places {
  readonly #admission: Admission;
  #taken = 0;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** For a sandbox that is to run. Throws 429 in E2B's words when the tier has no room. */
  take(): Place {
    this.#admission.checkRoom(this.#taken);
    this.#taken += 1;
    const place = {
      isTaken: true,
      giveBack: (): void => {
        if (place.isTaken) this.#taken -= 1;
        place.isTaken = false;
      },
    };
    return place;
  }
}
