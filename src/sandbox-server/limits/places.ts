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

  /** For a new sandbox. Throws 429 when the tier has no room, or not so soon. */
  takeToCreate(): Place {
    this.#admission.admit(this.#taken);
    return this.#take();
  }

  /** For one that goes on. Throws 429 when the tier has no room. */
  takeToResume(): Place {
    this.#admission.checkRoom(this.#taken);
    return this.#take();
  }

  #take(): Place {
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
