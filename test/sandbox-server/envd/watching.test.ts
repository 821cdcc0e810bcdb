import { FileNotFoundError, FilesystemEventType, InvalidArgumentError, RateLimitError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';
import { FolderWatcher } from './folder-watcher.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

const WATCHERS = 'grep -lx watcher /proc/[0-9]*/comm | cut -d/ -f3';
const NONE_LEFT = `while [ "$(${WATCHERS})" ]; do sleep 0.05; done`;

test('every kind of change is told by its name, in order', async () => {
  const watcher = await watch('kinds');
  await run('cd kinds; echo x > a; chmod 600 a; mv a b; ln b c; rm b; mkdir d; rmdir d; chmod 700 .');
  expect(await watcher.until('chmod .')).toEqual([
    'create a',
    'write a',
    'chmod a',
    'rename a',
    'create b',
    'create c',
    'remove b',
    'create d',
    'remove d',
    'chmod .',
  ]);
  await watcher.stop();
});

test('the files API is seen as well', async () => {
  const watcher = await watch('api');
  await sandbox.files.write('api/file', 'text');
  await sandbox.files.rename('api/file', 'api/other');
  await sandbox.files.remove('api/other');
  const told = await watcher.until('remove other');
  for (const event of ['create file', 'write file', 'rename file', 'create other'])
    expect(told).toContain(event);
  await watcher.stop();
});

test('what is below is told only where that was asked for', async () => {
  await run('mkdir -p below/old');
  const flat = await watch('below');
  const deep = await watch('below', { recursive: true });
  await run('cd below; echo x > old/file; mkdir end');
  expect(await flat.until('create end')).toEqual(['create end']);
  expect(await deep.until('create end')).toEqual(['create old/file', 'write old/file', 'create end']);
  await Promise.all([flat.stop(), deep.stop()]);
});

test('new folders are watched at once, what they hold already is told, and nothing twice', async () => {
  const watcher = await watch('new', { recursive: true });
  // Files come while the folders are watched and walked.
  const make =
    'mkdir "a"; mkdir "a/$_" for 1 .. 300; for $f (1 .. 10) { open F, ">", "a/$_/$f" for 1 .. 300 }';
  await run(`cd new; perl -e '${make}'; touch end`);
  const told = await watcher.until('chmod end');
  const paths = upTo(300).flatMap((folder) => [
    `a/${folder}`,
    ...upTo(10).map((file) => `a/${folder}/${file}`),
  ]);
  expect(told.filter((event) => event.startsWith('create')).toSorted()).toEqual(
    ['end', 'a', ...paths].map((path) => `create ${path}`).toSorted(),
  );
  await run('cd new; echo x > a/7/later; touch over');
  expect(await watcher.until('chmod over')).toContain('write a/7/later');
  await watcher.stop();
});

test('a folder that is moved is followed inside and forgotten outside', async () => {
  await run('mkdir -p moving/a/b out');
  const watcher = await watchOnly('moving', { recursive: true });
  await run('cd moving; mv a c; echo x > c/b/file; touch 1');
  const moved = (await watcher.until('chmod 1')).join('\n');
  expect(moved).toMatch(/^rename a\ncreate c\ncreate c\/b\ncreate c\/b\/file\n/);
  await run('cd moving; mv c ../out; touch 2');
  expect(await watcher.until('chmod 2')).toContain('rename c');
  await run('cd moving; echo x > ../out/c/b/unseen; mv ../out/c d; touch 3');
  await watcher.until('chmod 3');
  await run('cd moving; echo x > d/b/file; touch 4');
  const back = (await watcher.until('chmod 4')).join('\n');
  expect(back).toMatch(/create d\ncreate d\/b\n[^]*write d\/b\/file/);
  expect(back).not.toContain('c/b/unseen');
  await watcher.stop();
});

test('an event carries what it happened to, where that was asked for and is still there', async () => {
  const watcher = await watch('entries', { includeEntry: true });
  await run('cd entries; echo text > a; mkdir d; rmdir d; rm a');
  await watcher.until('remove a');
  await sandbox.files.makeDir('entries/kept');
  await watcher.until('create kept');
  const path = '/home/user/entries/kept';
  expect(watcher.events.at(-1)).toMatchObject({ entry: { name: 'kept', type: 'dir', path } });
  expect(watcher.events.find(({ type }) => type === FilesystemEventType.REMOVE)?.entry).toBeUndefined();
  await watcher.stop();
});

test('names of any bytes arrive, those that are no text as such', async () => {
  const watcher = await watch('names');
  const names = ['new\nline', 'sp ace%41', 'quo\'te"', 'ünï', '\x1b[31m', '-rf'];
  for (const name of names) await sandbox.files.write(`names/${name}`, '');
  await run(`cd names; touch $'bad\\xff'`);
  const told = await watcher.until('chmod bad\ufffd');
  expect(told.filter((event) => event.startsWith('create'))).toEqual(
    [...names, 'bad\ufffd'].map((name) => `create ${name}`),
  );
  await watcher.stop();
});

test('what cannot be watched says why', async () => {
  await sandbox.files.write('plain', '');
  await expect(watchOnly('nowhere')).rejects.toThrow(FileNotFoundError);
  await expect(watchOnly('plain')).rejects.toThrow(InvalidArgumentError);
  await run('mkdir -m 000 closed');
  await expect(watchOnly('closed')).rejects.toThrow('EACCES');
});

test('a symlink is followed where it is what is watched, and nowhere below', async () => {
  await run('mkdir -p real/inner /tmp/outside; ln -s real link; ln -s /tmp/outside real/away');
  const watcher = await watchOnly('link', { recursive: true });
  await run('touch /tmp/outside/unseen real/inner/seen');
  expect(await watcher.until('chmod inner/seen')).toEqual(['create inner/seen', 'chmod inner/seen']);
  await watcher.stop();
});

test('a watch is no command of the user, and its end leaves no process', async () => {
  await run(NONE_LEFT);
  const watcher = await watch('quiet');
  expect((await run(WATCHERS)).split('\n')).toHaveLength(2);
  expect(await sandbox.commands.list()).toEqual([]);
  await watcher.stop();
  await run(NONE_LEFT);
  expect(String(await watcher.ended)).toContain('canceled');
});

test('a candidate who kills the watch ends it with an error and harms nothing else', async () => {
  const watcher = await watch('killed');
  await run(`kill -9 $(${WATCHERS})`);
  expect(String(await watcher.ended)).toContain('killed, from inside the sandbox');
  const next = await watch('killed');
  await run('touch killed/file');
  expect(await next.until('chmod file')).toContain('create file');
  await next.stop();
});

test('more changes than the reader takes end the watch with an error, not the server', async () => {
  await sandbox.files.makeDir('flood');
  const reply = await fetch(`${host.server.url}/filesystem.Filesystem/WatchDir`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json', ...dataPlaneHeaders(sandbox) },
    body: envelope('{"path":"flood"}'),
  });
  const reader = reply.body?.getReader();
  await reader?.read();
  await run(`cd flood; perl -e '$n = "x" x 240; for (1 .. 50_000) { open F, ">", "$n$_"; unlink "$n$_" }'`);
  let text = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
    text = text.slice(-1000) + Buffer.from(part.value).toString('latin1');
  expect(text).toContain('{"error":{"code":"internal","message":"watcher error: changes came faster');
});

test('more watches, or folders, than a sandbox may have are refused', async () => {
  await run(NONE_LEFT);
  await sandbox.files.makeDir('many');
  // An ordinary user's boxes have fewer: the kernel counts them by its id.
  const opened = await Promise.allSettled(Array.from({ length: 33 }, () => watchOnly('many')));
  const refused = opened.filter((each) => each.status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(1);
  for (const { reason } of refused) expect(reason).toBeInstanceOf(RateLimitError);
  for (const each of opened) if (each.status === 'fulfilled') await each.value.stop();
  await run(NONE_LEFT);
  await run(`mkdir wide; cd wide; perl -e 'mkdir $_ for 1 .. 16_384'`);
  await expect(watchOnly('wide', { recursive: true })).rejects.toThrow('no more folders can be watched');
  await run('rmdir wide/1');
  const full = await watchOnly('wide', { recursive: true });
  await run('mkdir wide/1');
  expect(String(await full.ended)).toContain('no more folders can be watched');
});

test('the death of the sandbox ends its watches', async () => {
  const doomed = await Sandbox.create(host.sdk);
  const watcher = await new FolderWatcher(doomed).open('/tmp');
  await doomed.kill();
  expect(String(await watcher.ended)).toContain('killed or reached its end of life');
});

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}

async function watch(
  name: string,
  more: { recursive?: boolean; includeEntry?: boolean } = {},
): Promise<FolderWatcher> {
  await sandbox.files.makeDir(name);
  return watchOnly(name, more);
}

function watchOnly(
  path: string,
  more: { recursive?: boolean; includeEntry?: boolean } = {},
): Promise<FolderWatcher> {
  return new FolderWatcher(sandbox).open(path, more);
}

async function run(script: string): Promise<string> {
  return (await sandbox.commands.run(script)).stdout;
}
