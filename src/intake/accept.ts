import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { acceptSpecs, addUnreadable, type Candidate, type Known } from '../database/accept-specs.ts';
import type { Database } from '../database/connect.ts';
import { throughOutage } from '../database/through-outage.ts';
import { replaceSpecs } from '../database/replace-specs.ts';
import { problemText, type BadLine } from './problem.ts';
import type { Item } from './read-specs.ts';

// 1. Cuts a stream of input lines into chunks, bounded by number and by bytes.
// 2. Writes each chunk while the next one is being read, again if the database was away: told again, it adds nothing.
// 3. Tells what was new, what was known and what was no spec.

/** Where accepted specs go. */
export interface Target {
  database: Database;
  batchId: string;
  /** Aborted once the database will not come back; until then it is waited for. */
  over: AbortSignal;
}

/** What became of a stream of input lines. `problems` holds the first ones; all are in the database. */
export interface Acceptance {
  accepted: number;
  /** In the batch already, with the same content: nothing was added. */
  known: number;
  unreadable: number;
  problems: BadLine[];
}

interface Chunk {
  candidates: Candidate[];
  bad: BadLine[];
  bytes: number;
}

const CHUNK_ITEMS = 500;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** A slow producer's specs do not wait longer for company, ms. */
const LONGEST_HOLD_MS = 200;
const LATE = 'late' as const;
const MOST_HELD_BACK = 10_000;
/** How many bad lines are kept for show. */
const KEPT_PROBLEMS = 1000;

/**
 * Accepts a stream into a batch. `open` is called once there is something to accept; with no valid spec at all it never
 * is, and nothing is written. `onAccepted` is called after every chunk that is committed.
 */
export async function acceptFrom(
  items: AsyncIterable<Item>,
  open: () => Promise<Target>,
  onAccepted: (sofar: Acceptance) => void = () => undefined,
): Promise<Acceptance> {
  const submission = randomUUID();
  const told: Acceptance = { accepted: 0, known: 0, unreadable: 0, problems: [] };
  let target: Target | undefined;
  let heldBack: BadLine[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (chunk: Chunk): Promise<void> => {
    target ??= await open();
    await writeChunk(target, submission, { ...chunk, bad: [...heldBack.splice(0), ...chunk.bad] }, told);
    onAccepted(told);
  };
  for await (const chunk of inChunks(items)) {
    await writing;
    if (!target && chunk.candidates.length === 0 && heldBack.length < MOST_HELD_BACK)
      heldBack.push(...chunk.bad);
    else writing = write(chunk);
    // Its failure is thrown by the next await; meanwhile it must not count as unhandled.
    writing.catch(() => undefined);
  }
  await writing;
  tell(told, heldBack);
  return told;
}

async function* inChunks(items: AsyncIterable<Item>): AsyncGenerator<Chunk> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  for (let first = await next; !first.done; first = await next) {
    const chunk: Chunk = { candidates: [], bad: [], bytes: 0 };
    const clock = new AbortController();
    const late = delay(LONGEST_HOLD_MS, LATE, { signal: clock.signal }).catch(() => LATE);
    for (let item: IteratorResult<Item> | typeof LATE = first; item !== LATE && !item.done;) {
      addItem(chunk, item.value);
      next = iterator.next();
      // Its failure is thrown by the next await; meanwhile it must not count as unhandled.
      next.catch(() => undefined);
      item = isFull(chunk) ? LATE : await Promise.race([next, late]);
    }
    clock.abort();
    yield chunk;
  }
}

function addItem(chunk: Chunk, item: Item): void {
  if ('bad' in item) {
    chunk.bad.push(item.bad);
    return;
  }
  chunk.candidates.push(item.candidate);
  chunk.bytes += item.bytes;
}

function isFull({ candidates, bad, bytes }: Chunk): boolean {
  return candidates.length + bad.length >= CHUNK_ITEMS || bytes >= CHUNK_BYTES;
}

async function writeChunk(target: Target, submission: string, chunk: Chunk, told: Acceptance): Promise<void> {
  let tries = 0;
  const written = await throughOutage(target.over, () => tryWrite(target, submission, chunk, tries++ > 0));
  told.accepted += written.accepted;
  told.known += written.known;
  tell(told, written.bad);
}

async function tryWrite(
  target: Target,
  submission: string,
  { candidates, bad }: Chunk,
  again: boolean,
): Promise<Pick<Chunk, 'bad'> & Pick<Acceptance, 'accepted' | 'known'>> {
  const { database, batchId } = target;
  const { ids, known } = await acceptSpecs(database, batchId, submission, candidates);
  const ours = known.filter((one) => one.sameSubmission);
  // Tried again, a line meets itself: its commit was in doubt.
  const doubled = ours.filter((one) => !again || one.source !== one.candidate.source);
  const changed = known.filter((one) => !one.sameSubmission && !one.sameContent);
  const replaced = await replaceChanged(target, submission, changed);
  const all = [...bad, ...doubled.map(explainDouble)];
  const lines = all.map(({ source, problems }) => ({ source, message: problemText(problems) }));
  await addUnreadable(database, batchId, lines);
  return {
    accepted: ids.length + replaced + ours.length - doubled.length,
    known: known.length - ours.length - replaced,
    bad: all,
  };
}

function tell(told: Acceptance, bad: BadLine[]): void {
  told.unreadable += bad.length;
  told.problems.push(...bad.slice(0, KEPT_PROBLEMS - told.problems.length));
}

// Submitted again with other content, a spec is evaluated again.
async function replaceChanged(
  target: Target,
  submission: string,
  changed: readonly Known[],
): Promise<number> {
  if (changed.length === 0) return 0;
  const candidates = changed.map(({ candidate }) => candidate);
  return (await replaceSpecs(target.database, target.batchId, submission, candidates)).length;
}

function explainDouble({ candidate, source }: Known): BadLine {
  const { id, sample = 0 } = candidate.spec;
  const message = `"${id}" sample ${sample} is there already: ${source ?? 'an earlier one'}`;
  return {
    source: candidate.source ?? '',
    problems: [{ code: 'SPEC_DUPLICATE', field: 'id', message }],
  };
}
