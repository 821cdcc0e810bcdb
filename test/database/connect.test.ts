import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../fixtures/database.ts';

test('a connection that is lost while it is in use fails the next query and not the process', async () => {
  const it = await openTestDatabase();
  const working = it.database.connection().execute(async (held) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(held);
    await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(it.database);
    for (;;) await sql`select 1`.execute(held);
  });
  await expect(working).rejects.toThrow(/terminat|ECONNRESET|EPIPE|connection error/);
  const ask = (): Promise<string> =>
    sql`select 1`.execute(it.database).then(
      () => 'answered',
      () => 'failed',
    );
  await expect.poll(ask).toBe('answered');
  await it.close();
});
