import { setImmediate } from 'node:timers/promises';

/** Steps of walks between two moments in which others have their turn: a few milliseconds. */
const TURN_STEPS = 1000;

/**
 * Counts the steps of a long work in a box's files, each some microseconds of the server's only thread, and gives others
 * their turn: links and folders can be laid so that a single listing takes hours.
 */
export class StepBudget {
  #left: number;
  #turn = TURN_STEPS;

  constructor(steps: number) {
    this.#left = steps;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(steps: number): void {
    this.#left -= steps;
    this.#turn -= steps;
  }

  /** Lets others have their turn when it is time. */
  async rest(): Promise<void> {
    if (this.#turn > 0) return;
    this.#turn = TURN_STEPS;
    await setImmediate();
  }
}
