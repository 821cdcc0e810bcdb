import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import * as inside from '../../../src/sandbox-server/walls/open-inside.ts';
import { bash, run, startWall } from './start-wall.ts';

let walls: Awaited<ReturnType<typeof startWall>>;
let box: HostBox;

beforeAll(async () => {
  walls = await startWall();
  box = await walls.open();
});
afterAll(() => walls.close());

async function write(path: string, text: string): Promise<void> {
  const file = await inside.createFile(box.root, path);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

async function read(path: string): Promise<string> {
  const file = await inside.openForRead(box.root, path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

test('A written file and its new folders belong to the user of the box', async () => {
  await write('/home/user/a/b/file', 'words');
  expect((await run(box, 'cat a/b/file; stat -c "%U %a" a a/b a/b/file; echo more >> a/b/file')).out).toBe(
    'wordsuser 755\nuser 755\nuser 644\n',
  );
  expect(await read('/home/user/a/b/file')).toBe('wordsmore\n');
  await write('/home/user/a/b/file', 'x');
  expect(await read('/home/user/a/../a/./b//file')).toBe('x');
});

test('Symlinks and dots stay inside the box', async () => {
  const outside = join(tmpdir(), `evalpool-outside-${process.pid}`);
  writeFileSync(outside, 'secret');
  await run(
    box,
    `ln -s ${outside} absolute; ln -s ../../../../../..${outside} dots; ln -s /proc/1/root/etc/passwd magic`,
  );
  await run(box, 'ln -s loop loop; ln -s /etc etc; ln -s /dev/fd/0 fd');
  await expect(read('/home/user/absolute')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(read('/home/user/dots')).rejects.toMatchObject({ code: 'ENOENT' });
  await write('/home/user/absolute', 'stays');
  await write('/home/user/dots', 'stays inside');
  expect(readFileSync(outside, 'utf8')).toBe('secret');
  expect((await run(box, `cat ${outside}`)).out).toBe('stays inside');
  await expect(read('/home/user/magic')).rejects.toMatchObject({ code: 'EACCES' });
  await expect(read('/home/user/fd')).rejects.toMatchObject({ code: 'EACCES' });
  await expect(read('/../../proc/self/environ')).rejects.toMatchObject({ code: 'EACCES' });
  await expect(read('/home/user/loop')).rejects.toMatchObject({ code: 'ELOOP' });
  expect(await read('/home/user/etc/passwd')).toContain('user:x:1000');
  await expect(write('/home/user/etc/passwd', 'x')).rejects.toMatchObject({ code: 'EROFS' });
  await expect(write('/usr/bin/new', 'x')).rejects.toMatchObject({ code: 'EROFS' });
  rmSync(outside);
});

test('A folder swapped for a symlink meanwhile leads nowhere else', async () => {
  const victim = join(tmpdir(), `evalpool-victim-${process.pid}`);
  writeFileSync(victim, 'secret');
  const swapper = await box.start({
    ...bash(''),
    argv: [
      '/usr/bin/perl',
      '-e',
      `mkdir "real"; symlink "${tmpdir()}", "link"; while (1) { rename "real", "way"; rename "way", "real"; rename "link", "way"; rename "way", "link" }`,
    ],
  });
  for (let tries = 0; tries < 500; tries++) {
    await inside.removeInside(box.root, `/home/user/way/evalpool-victim-${process.pid}`).catch(() => {});
    await write(`/home/user/way/evalpool-victim-${process.pid}`, 'changed').catch(() => {});
  }
  swapper.kill('SIGKILL');
  expect(readFileSync(victim, 'utf8')).toBe('secret');
  rmSync(victim);
});

test('FIFOs, devices and folders are not read as files', async () => {
  await run(box, 'mkfifo fifo');
  await expect(read('/home/user/fifo')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(read('/dev/zero')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(read('/home/user')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(write('/home/user', 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(read('/home/user/none/x')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('Folders are made, listed, moved and removed', async () => {
  expect(await inside.makeFolder(box.root, '/home/user/list/deep/deeper')).toBe('made');
  expect(await inside.makeFolder(box.root, '/home/user/list/deep')).toBe('exists');
  await run(box, 'cd list; echo x > file; ln -s file link; ln -s none dangling');
  await expect(inside.makeFolder(box.root, '/home/user/list/file')).rejects.toMatchObject({
    code: 'ENOTDIR',
  });
  const listed = async (depth: number): Promise<string[]> =>
    (await inside.listFolder(box.root, '/home/user/list', depth))
      .map(({ path }) => path.slice(15))
      .toSorted();
  expect(await listed(1)).toEqual(['/dangling', '/deep', '/file', '/link']);
  expect(await listed(2)).toContain('/deep/deeper');
  const link = await inside.statInside(box.root, '/home/user/list/link');
  expect(link).toMatchObject({ linkTarget: '/home/user/list/file' });
  expect(link.target?.isFile()).toBe(true);
  expect((await inside.statInside(box.root, '/home/user/list/dangling')).target).toBeNull();
  await inside.moveInside(box.root, '/home/user/list', '/home/user/new/place');
  await inside.removeInside(box.root, '/home/user/new/place/link');
  expect(await read('/home/user/new/place/file')).toBe('x\n');
  await inside.removeInside(box.root, '/home/user/new');
  await expect(inside.statInside(box.root, '/home/user/new')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('A full disk and a read-only place say so by their code', async () => {
  await run(box, 'head -c 100M /dev/zero > /tmp/full');
  await expect(write('/tmp/more', 'x'.repeat(8192))).rejects.toMatchObject({ code: 'ENOSPC' });
  await run(box, 'rm /tmp/full');
});

test('After its end nothing of a box can be reached', async () => {
  const gone = await walls.open();
  await gone.destroy();
  await expect(inside.openForRead(gone.root, '/etc/passwd')).rejects.toMatchObject({ code: 'ENOENT' });
});
