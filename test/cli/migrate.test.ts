import { tmpdir } from 'node:os';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase } from '../fixtures/database.ts';
import { startCli, type Ended } from './run-cli.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
let url: string;
beforeAll(async () => {
  it = await openTestDatabase();
  await sql`create database empty`.execute(it.database);
  url = it.url.replace('/evalpool?', '/empty?');
});
afterAll(() => it.close());

function migrate(databaseUrl: string): Promise<Ended> {
  return startCli(['migrate'], { cwd: tmpdir(), env: { DATABASE_URL: databaseUrl } }).ended;
}

test('an empty database gets the schema, one that has it is left as it is', async () => {
  expect(await migrate(url)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^schema \d{4}-[a-z-]+: \d+ migrations made\n$/),
  });
  expect(await migrate(url)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(': it was up to date\n'),
  });
});

test('a schema of a newer evalpool is refused, with both versions', async () => {
  await sql`insert into kysely_migration values ('9999-later', '')`.execute(it.database);
  expect(await migrate(it.url)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^STORE_FAILED: a newer evalpool brought .* to 9999-later, this one .* \d{4}-/,
    ),
  });
});

test('without a database it says what to set', async () => {
  expect(await migrate('')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^USAGE: DATABASE_URL/) });
});
