const MOST = 500;
/** Longest value of a field, characters: whoever starts commands must not fill our memory. */
const LONGEST = 300;

/** Something that happened in the life of a sandbox. */
export interface LifeEvent {
  /** Unix time. */
  atMs: number;
  message: string;
  fields: Readonly<Record<string, string>>;
}

/** What happened to one sandbox: the newest 500 events. */
export class EventLog {
  #events: LifeEvent[] = [];

  /** From the oldest to the newest. */
  get all(): readonly LifeEvent[] {
    return this.#events.slice(-MOST);
  }

  add(message: string, fields: Readonly<Record<string, string>> = {}): void {
    const cut = Object.entries(fields).map(([name, value]) => [name, cutShort(value)]);
    this.#events.push({ atMs: Date.now(), message, fields: Object.fromEntries(cut) });
    if (this.#events.length >= 2 * MOST) this.#events = this.#events.slice(-MOST);
  }
}

// A slice alone would keep the whole text in memory.
function cutShort(text: string): string {
  return text.length <= LONGEST ? text : Buffer.from(text.slice(0, LONGEST)).toString();
}
