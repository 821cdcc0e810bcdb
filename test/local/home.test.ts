import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeAt, makeHome, SERVICE_USER } from '../../src/local/home.ts';

const LONGEST_SOCKET_PATH = 107;

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-home-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('every socket fits into what Linux allows, however long the path of the home', () => {
  for (const length of [1, 60, 70, 80, 100, 300]) {
    const home = homeAt(`/${'x'.repeat(length)}`);
    const sockets = [home.keeperSocket, home.redisSocket, join(home.postgresSockets, '.s.PGSQL.5432.lock')];
    expect(Math.max(...sockets.map((path) => path.length))).toBeLessThanOrEqual(LONGEST_SOCKET_PATH);
  }
});

test('two homes never share a socket', () => {
  expect(homeAt(`/${'a'.repeat(99)}`).keeperSocket).not.toBe(homeAt(`/${'b'.repeat(99)}`).keeperSocket);
});

test('what a home holds is closed to others', () => {
  const folder = makeFolder();
  chmodSync(folder, 0o711);
  const home = homeAt(join(folder, 'home'));
  makeHome(home);
  const closed = [home.logs, dirname(home.keeperSocket), home.postgresSockets, dirname(home.redisSocket)];
  expect(closed.map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o700, 0o700]);
});

test.runIf(SERVICE_USER)(
  'a home that the services of root could not reach is refused with the reason',
  () => {
    const closed = makeFolder();
    expect(() => makeHome(homeAt(join(closed, 'home')))).toThrow(`lies in ${closed}, which is closed`);
  },
);
