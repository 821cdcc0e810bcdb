import { randomUUID } from 'node:crypto';
import { Sandbox, SandboxError } from 'e2b';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { askApi } from './ask-api.ts';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer();
});
afterAll(() => host.close());

const create = (template = 'base'): Promise<Sandbox> => Sandbox.create(template, host.sdk);

describe('A snapshot', () => {
  let source: Sandbox;
  beforeAll(async () => {
    source = await create();
    await source.files.write('/home/user/kept.txt', 'kept');
  });
  afterAll(() => source.kill());

  test('holds the files of its sandbox for any number of others, whatever becomes of it', async () => {
    const origin = await create();
    await origin.commands.run('mkdir -p d/e && echo deep > d/e/f && echo t > /tmp/t');
    const { snapshotId, names } = await origin.createSnapshot();
    expect(snapshotId).toMatch(/^[a-z0-9]+:default$/);
    expect(names).toEqual([]);
    await origin.commands.run('rm -r d /tmp/t');
    await origin.kill();
    const copies = await Promise.all([1, 2, 3].map(() => create(snapshotId)));
    for (const copy of copies) {
      const { stdout } = await copy.commands.run('cat d/e/f /tmp/t && echo own > d/e/f');
      expect(stdout).toBe('deep\nt\n');
    }
    await Promise.all(copies.map((copy) => copy.kill()));
    expect(await Sandbox.deleteSnapshot(snapshotId, host.sdk)).toBe(true);
  });

  test('has the name it is given, for create, list and delete; none other is touched', async () => {
    const name = `set-up-${randomUUID()}`;
    const first = await source.createSnapshot({ name: `${name}:v1` });
    const second = await source.createSnapshot({ name });
    expect([first, second]).toEqual([
      { snapshotId: `${name}:v1`, names: [name] },
      { snapshotId: `${name}:default`, names: [name] },
    ]);
    const copy = await create(name);
    expect(await copy.files.read('kept.txt')).toBe('kept');
    expect((await copy.getInfo()).templateId).toBe(name);
    await copy.kill();
    const listed = async (wanted: string): Promise<string[]> => {
      const found = await Sandbox.listSnapshots({ ...host.sdk, name: wanted }).nextItems();
      return found.map(({ snapshotId }) => snapshotId);
    };
    expect(await listed(name)).toEqual([second.snapshotId, first.snapshotId]);
    expect(await listed(`${name}:v1`)).toEqual([first.snapshotId]);
    expect(await Sandbox.deleteSnapshot(first.snapshotId, host.sdk)).toBe(true);
    expect(await Sandbox.deleteSnapshot(first.snapshotId, host.sdk)).toBe(false);
    expect(await listed(name)).toEqual([second.snapshotId]);
    await expect(create(first.snapshotId)).rejects.toThrow(`404: template '${first.snapshotId}' not found`);
  });

  test('takes the place of another of its name', async () => {
    const name = `again-${randomUUID()}`;
    await source.files.write('version', '1');
    await source.createSnapshot({ name });
    await source.files.write('version', '2');
    await source.createSnapshot({ name });
    const copy = await create(name);
    expect(await copy.files.read('version')).toBe('2');
    await copy.kill();
    expect(await Sandbox.listSnapshots({ ...host.sdk, name }).nextItems()).toHaveLength(1);
  });

  test('of a snapshot keeps what that one removed, also when that one is deleted', async () => {
    const first = await source.createSnapshot();
    const middle = await create(first.snapshotId);
    await middle.commands.run('rm kept.txt && echo new > new.txt');
    const second = await middle.createSnapshot();
    await middle.kill();
    await Sandbox.deleteSnapshot(first.snapshotId, host.sdk);
    const copy = await create(second.snapshotId);
    expect((await copy.commands.run('ls *.txt')).stdout).toBe('new.txt\n');
    await copy.kill();
  });

  test('stays for the sandboxes that started from it when it is deleted', async () => {
    const { snapshotId } = await source.createSnapshot();
    const copy = await create(snapshotId);
    await Sandbox.deleteSnapshot(snapshotId, host.sdk);
    await copy.commands.run('echo more >> kept.txt');
    expect(await copy.files.read('kept.txt')).toBe('keptmore\n');
    await copy.kill();
  });

  test('takes its own metadata, variables and time for each sandbox from it', async () => {
    const { snapshotId } = await source.createSnapshot();
    const options = { ...host.sdk, metadata: { task: '7' }, envs: { COLOUR: 'red' }, timeoutMs: 60_000 };
    const copy = await Sandbox.create(snapshotId, options);
    expect((await copy.commands.run('echo $COLOUR')).stdout).toBe('red\n');
    expect((await copy.getInfo()).metadata).toEqual({ task: '7' });
    await copy.kill();
  });

  test('cuts the open streams of its sandbox, whose commands go on', async () => {
    const command = await source.commands.run('cat > answer', { background: true, stdin: true });
    const waiting = command.wait();
    await Promise.all([expect(waiting).rejects.toThrow(SandboxError), source.createSnapshot()]);
    const again = await source.commands.connect(command.pid);
    await source.commands.sendStdin(command.pid, 'still here');
    await source.commands.closeStdin(command.pid);
    await again.wait();
    expect(await source.files.read('answer')).toBe('still here');
  });

  test('holds files only: no process goes over', async () => {
    const command = await source.commands.run('sleep 1000', { background: true });
    command.wait().catch(() => {});
    const { snapshotId } = await source.createSnapshot();
    const copy = await create(snapshotId);
    expect(await copy.commands.list()).toEqual([]);
    await Promise.all([copy.kill(), source.commands.kill(command.pid)]);
  });
});

describe('The list of snapshots', () => {
  let source: Sandbox;
  beforeEach(async () => {
    source = await create();
  });

  test('is that of one sandbox when asked so, newest first, by pages', async () => {
    const taken: string[] = [];
    for (let times = 0; times < 3; times++) taken.unshift((await source.createSnapshot()).snapshotId);
    const pages = source.listSnapshots({ limit: 2 });
    const [first, second] = [await pages.nextItems(), await pages.nextItems()];
    expect([first.length, second.length, pages.hasNext]).toEqual([2, 1, false]);
    expect([...first, ...second].map(({ snapshotId }) => snapshotId)).toEqual(taken);
    await source.kill();
  });
});

test.each([
  ['base', 400, "Invalid name: 'base' is the machine's own toolchain"],
  ['a b', 400, "Invalid name: 'a b': expected letters, digits, '-' and '_', then perhaps ':tag'"],
  ['../x', 400, "Invalid name: '../x': expected letters, digits, '-' and '_', then perhaps ':tag'"],
  ['name:a/b', 400, "Invalid tag: 'a/b'"],
])('a snapshot cannot be called %s', async (name, code, message) => {
  const sandbox = await create();
  const { json } = await askApi(host, `POST /sandboxes/${sandbox.sandboxId}/snapshots`, { name });
  expect(json).toEqual({ code, message });
  await sandbox.kill();
});

test('a paused sandbox is resumed before it is saved: 409', async () => {
  const sandbox = await create();
  await sandbox.pause();
  const { status } = await askApi(host, `POST /sandboxes/${sandbox.sandboxId}/snapshots`, {});
  expect(status).toBe(409);
  await sandbox.kill();
});

test('of no sandbox there is no snapshot: SandboxNotFoundError', async () => {
  await expect(Sandbox.createSnapshot('inone', host.sdk)).rejects.toMatchObject({
    name: 'SandboxNotFoundError',
  });
});
