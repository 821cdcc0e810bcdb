import { FileType, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('a symlink’s target is named without any link on the way, and is the link itself if there is none', async () => {
  await sandbox.commands.run(
    'mkdir -p way/a/b && cd way && echo x > a/b/file && ln -s a folder && ln -s ./folder/../folder/b/file first && ' +
      'ln -s first second && ln -s none dangling && ln -s round round',
  );
  const targets = (await sandbox.files.list('way')).map(({ name, symlinkTarget }) => [name, symlinkTarget]);
  expect(Object.fromEntries(targets)).toEqual({
    a: undefined,
    folder: '/home/user/way/a',
    first: '/home/user/way/a/b/file',
    second: '/home/user/way/a/b/file',
    dangling: '/home/user/way/dangling',
    round: '/home/user/way/round',
  });
  expect(await sandbox.files.getInfo('way/folder')).toMatchObject({ type: FileType.DIR, mode: 0o755 });
});

test('a file from beyond all calendars can be listed', async () => {
  await sandbox.commands.run(
    'mkdir times && cd times && touch -d 30000-01-01 late && touch -d 0001-01-01 early',
  );
  const listed = await sandbox.files.list('times');
  expect(
    Object.fromEntries(listed.map(({ name, modifiedTime }) => [name, modifiedTime?.getUTCFullYear()])),
  ).toEqual({
    early: 1,
    late: 9999,
  });
});
