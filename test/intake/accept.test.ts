import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDatabase } from '../../src/database/connect.ts';
import { openBatch, readBatch } from '../../src/database/batches.ts';
import { readUnreadable } from '../../src/database/read-results.ts';
import { acceptFrom, type Acceptance } from '../../src/intake/accept.ts';
import { openInput } from '../../src/intake/open-input.ts';
import { problemText } from '../../src/intake/problem.ts';
import { readSpecs } from '../../src/intake/read-specs.ts';
import { makeLog } from '../../src/log.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { write } from './items.ts';

let place: Awaited<ReturnType<typeof openTestDatabase>>;
let folder = '';
let batchId = '';
let nth = 0;

beforeAll(async () => {
  place = await openTestDatabase();
}, 60_000);
afterAll(async () => place.close());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-accept-'));
  batchId = (await openBatch(place.database, `batch-${(nth += 1)}`, 'local')).id;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const over = new AbortController().signal;
const line = (id: string, more: object = {}): string => JSON.stringify({ id, test: 'true', ...more });

async function submit(lines: readonly string[]): Promise<Acceptance> {
  const inputs = await openInput(write(join(folder, 'b.jsonl'), lines.join('\n')));
  return acceptFrom(readSpecs(inputs, 'local'), async () => ({ database: place.database, batchId, over }));
}

async function counts(): Promise<{ total: number; unreadable: number }> {
  const batch = await readBatch(place.database, batchId);
  return { total: batch?.total ?? -1, unreadable: batch?.unreadable ?? -1 };
}

test('good lines are accepted, bad ones are counted and kept with their place', async () => {
  const told = await submit([line('a'), '{', line('b')]);
  expect(told).toMatchObject({ accepted: 2, known: 0, unreadable: 1 });
  expect(await counts()).toEqual({ total: 2, unreadable: 1 });
  const [kept] = await readUnreadable(place.database, batchId);
  expect(kept?.source).toBe(`${join(folder, 'b.jsonl')}:2`);
  expect(kept?.message).toMatch(/^is not JSON/);
});

test('submitting the same file again adds nothing', async () => {
  const lines = [line('a'), line('b', { sample: 1 }), '{', line('a')];
  await submit(lines);
  const before = await counts();
  expect(await submit(lines)).toMatchObject({ accepted: 0, known: 3, unreadable: 1 });
  expect(await counts()).toEqual(before);
});

test('a doubled id and sample is told with both lines, near and far', async () => {
  const many = Array.from({ length: 1200 }, (_, n) => line(`task-${n}`));
  const told = await submit([line('a'), line('a'), ...many, line('a', { sample: 0, test: 'false' })]);
  expect(told).toMatchObject({ accepted: 1201, known: 0, unreadable: 2 });
  const said = told.problems.map(({ source, problems }) => `${source} ${problemText(problems)}`);
  const file = join(folder, 'b.jsonl');
  expect(said[0]).toBe(`${file}:2 id: "a" sample 0 is there already: ${file}:1`);
  expect(said[1]).toBe(`${file}:1203 id: "a" sample 0 is there already: ${file}:1`);
});

test('another spec under a known id, submitted later, takes its place', async () => {
  await submit([line('a')]);
  const told = await submit([line('a', { test: 'false' })]);
  expect(told).toMatchObject({ accepted: 1, known: 0, unreadable: 0 });
  expect(await counts()).toEqual({ total: 1, unreadable: 0 });
});

test('odd text is accepted and comes back as it was', async () => {
  const patch = 'NUL \u0000, lone surrogate \ud800, quote \' " \\ and 💥';
  const told = await submit([line('ünïcode/..%2f ☃', { patch, labels: { 'a.b': '\u0000' } })]);
  expect(told).toMatchObject({ accepted: 1, unreadable: 0 });
  const row = await place.database
    .selectFrom('evaluations')
    .select(['task_id', 'spec'])
    .where('batch_id', '=', batchId)
    .executeTakeFirstOrThrow();
  expect(row.task_id).toBe('ünïcode/..%2f ☃');
  expect(row.spec.patch).toBe(patch);
});

test('without any valid spec no batch is opened and nothing is written', async () => {
  const inputs = await openInput(write(join(folder, 'b.jsonl'), '{\n[]\n'));
  const told = await acceptFrom(readSpecs(inputs, 'local'), async () => {
    throw new Error('opened');
  });
  expect(told).toMatchObject({ accepted: 0, known: 0, unreadable: 2 });
  expect(told.problems).toHaveLength(2);
  expect(await counts()).toEqual({ total: 0, unreadable: 0 });
});

test('bad lines before the first good one are written once the batch is open', async () => {
  const bad = Array.from({ length: 700 }, () => '{');
  expect(await submit([...bad, line('a')])).toMatchObject({ accepted: 1, unreadable: 700 });
  expect(await counts()).toEqual({ total: 1, unreadable: 700 });
});

test('what a failure of the moment interrupted is written again, and counts once', async () => {
  await sql
    .raw(
      `create sequence tries;
      create function fail_once() returns trigger language plpgsql as $$ begin
        if nextval('tries') = 1 then raise 'shutting down' using errcode = 'admin_shutdown'; end if;
        return new;
      end $$;
      create trigger failing_once before insert on unreadable_lines for each row execute function fail_once()`,
    )
    .execute(place.database);
  const told = await submit([line('a'), '{', line('b'), line('a')]);
  await sql`drop trigger failing_once on unreadable_lines`.execute(place.database);
  expect(told).toMatchObject({ accepted: 2, known: 0, unreadable: 2 });
  expect(await counts()).toEqual({ total: 2, unreadable: 2 });
});

test('a database that will not come back ends the acceptance with the reason', async () => {
  const away = connectDatabase(`postgres://nobody@localhost/x?host=${folder}`, makeLog('test', 'silent'));
  const inputs = await openInput(write(join(folder, 'b.jsonl'), line('a')));
  const ending = new AbortController();
  const accepting = acceptFrom(readSpecs(inputs, 'local'), async () => {
    ending.abort(new Error('the stack failed'));
    return { database: away, batchId, over: ending.signal };
  });
  await expect(accepting).rejects.toThrow('the stack failed');
  await away.destroy();
});

test('a failing database ends the acceptance with its error', async () => {
  const inputs = await openInput(write(join(folder, 'b.jsonl'), line('a')));
  const nowhere = acceptFrom(readSpecs(inputs, 'local'), async () => ({
    database: place.database,
    batchId: '999999',
    over,
  }));
  await expect(nowhere).rejects.toThrow(/the batch is no longer there/);
});
