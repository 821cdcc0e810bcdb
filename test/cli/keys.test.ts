import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findKey, hasKeys } from '../../src/database/api-keys.ts';
import { readAudit } from '../../src/database/audit.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { startCli, type Ended } from './run-cli.ts';

let it: Awaited<ReturnType<typeof openTestDatabase>>;
let folder = '';
beforeAll(async () => {
  it = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'evalpool-keys-'));
});
afterAll(async () => {
  await it.close();
  rmSync(folder, { recursive: true, force: true });
});

async function keys(...args: string[]): Promise<Ended> {
  const env = { DATABASE_URL: it.url, REDIS_URL: 'redis://127.0.0.1:1' };
  return startCli(['keys', ...args], { cwd: folder, env }).ended;
}

test('a key is made, shown once, listed without its secret, and revoked', async () => {
  expect(await hasKeys(it.database)).toBe(false);
  const made = await keys(
    'create',
    '--tenant',
    'research',
    '--scope',
    'read',
    '--days',
    '7',
    '--label',
    'CI',
  );
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^evp_[\w-]{43}\n$/) });
  const secret = made.stdout.trim();
  expect(await findKey(it.database, secret)).toMatchObject({ tenant: 'research', scopes: ['read'] });
  const listed = await keys('list');
  expect(listed.stdout).toMatch(/^1 +research +read +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +CI/m);
  expect((await keys('list', '--json')).stdout + listed.stdout).not.toContain(secret.slice(4, 20));
  expect(await keys('revoke', '1')).toMatchObject({ code: 0, stdout: 'key 1 is revoked\n' });
  expect(await findKey(it.database, secret)).toBeUndefined();
  expect(await hasKeys(it.database)).toBe(false);
  expect((await readAudit(it.database, { tenant: null, most: 9 })).map(({ action }) => action)).toEqual([
    'key.revoke',
    'key.create',
  ]);
});

test('a scope, tenant or key that there cannot be is refused with what was expected', async () => {
  expect(await keys('create', '--scope', 'read,write')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("expected some of submit, read, admin, got 'write'"),
  });
  expect(await keys('create', '--tenant', 'a/b')).toMatchObject({ code: 2 });
  expect(await keys('revoke', '77')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no key 77'),
  });
});
