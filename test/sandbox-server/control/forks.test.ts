import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NotFoundError, RateLimitError, Sandbox } from 'e2b';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { askApi } from './ask-api.ts';

let host: TestServer;
let source: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  const options = { ...host.sdk, metadata: { task: '7' }, envs: { COLOUR: 'red' } };
  source = await Sandbox.create(options);
  await source.commands.run('mkdir -p repo/src && echo source > repo/src/f && echo t > /tmp/t');
});
afterAll(() => host.close());

const onDisk = (): string[] => readdirSync(join(host.home, 'layers'));

/** All of them must have started. */
async function forkAll(from: Sandbox, count: number): Promise<Sandbox[]> {
  const results = await from.fork({ count, timeoutMs: 60_000 });
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });
}

describe('Forks of a sandbox', () => {
  test('have its files, and write to none but their own', async () => {
    const forks = await forkAll(source, 4);
    await Promise.all(
      forks.map((fork, at) =>
        fork.commands.run(`echo ${at} > repo/src/f && touch repo/new${at} && rm /tmp/t`),
      ),
    );
    for (const [at, fork] of forks.entries()) {
      const { stdout } = await fork.commands.run('cat repo/src/f && ls repo /tmp');
      expect(stdout).toBe(`${at}\n/tmp:\n\nrepo:\nnew${at}\nsrc\n`);
    }
    expect((await source.commands.run('cat repo/src/f /tmp/t && ls repo')).stdout).toBe('source\nt\nsrc\n');
    await Promise.all(forks.map((fork) => fork.kill()));
  });

  test('inherit its metadata and variables, and live as long as was asked', async () => {
    const [fork] = await forkAll(source, 1);
    const info = await fork?.getInfo();
    expect(info?.metadata).toEqual({ task: '7' });
    expect(info?.templateId).toBe('base');
    const lifeMs = (info?.endAt.getTime() ?? 0) - (info?.startedAt.getTime() ?? 0);
    expect(lifeMs).toBe(60_000);
    expect((await fork?.commands.run('echo $COLOUR'))?.stdout).toBe('red\n');
    await fork?.kill();
  });

  test('live 15 s when no time is asked for, as at E2B', async () => {
    const [fork] = await source.fork();
    if (!(fork instanceof Sandbox)) throw new Error('not started');
    const { startedAt, endAt } = await fork.getInfo();
    expect(endAt.getTime() - startedAt.getTime()).toBe(15_000);
    await fork.kill();
  });

  test('can be forked and saved in turn, and outlive their source', async () => {
    const [child] = await forkAll(source, 1);
    if (!child) throw new Error('not started');
    await child.commands.run('echo child > repo/src/f');
    const [grandchild] = await forkAll(child, 1);
    const { snapshotId } = await child.createSnapshot();
    await child.kill();
    await grandchild?.commands.run('echo grandchild >> repo/src/f');
    expect(await grandchild?.files.read('repo/src/f')).toBe('child\ngrandchild\n');
    await grandchild?.kill();
    const copy = await Sandbox.create(snapshotId, host.sdk);
    expect(await copy.files.read('repo/src/f')).toBe('child\n');
    await copy.kill();
    await Sandbox.deleteSnapshot(snapshotId, host.sdk);
  });

  test('leave nothing behind when the last of them is gone', async () => {
    await expect.poll(onDisk).toEqual([]);
    const [one, two] = await forkAll(source, 2);
    await one?.kill();
    expect(await two?.files.read('repo/src/f')).toBe('source\n');
    expect([0, 2]).toContain(onDisk().length); // a layer in memory, or one and its lock
    await two?.kill();
    await expect.poll(onDisk).toEqual([]);
  });

  test('are no snapshots', async () => {
    const forks = await forkAll(source, 1);
    expect(await source.listSnapshots().nextItems()).toEqual([]);
    await forks[0]?.kill();
  });
});

test.each([
  [{ count: 0 }, 400, 'Count must be at least 1'],
  [{ count: 101 }, 400, 'Count cannot be greater than 100'],
  [{ count: 2, timeout: -1 }, 400, 'Timeout must be greater than 0'],
])('forks as %j are refused', async (body, code, message) => {
  const { status, json } = await askApi(host, `POST /sandboxes/${source.sandboxId}/fork`, body);
  expect({ status, json }).toEqual({ status: code, json: { code, message } });
});

test('a paused sandbox is not forked: 409', async () => {
  const paused = await Sandbox.create(host.sdk);
  await paused.pause();
  const { status } = await askApi(host, `POST /sandboxes/${paused.sandboxId}/fork`, {});
  expect(status).toBe(409);
  await paused.kill();
});

test('of no sandbox there are no forks', async () => {
  await expect(Sandbox.fork('inone', host.sdk)).rejects.toThrow(NotFoundError);
});

describe('In an account of four sandboxes', () => {
  let full: TestServer;
  let original: Sandbox;
  beforeAll(async () => {
    full = await startTestServer({ maxSandboxes: 4 });
    original = await Sandbox.create(full.sdk);
  });
  afterAll(() => full.close());

  test('each fork takes a place, and those that find none say so', async () => {
    const other = await Sandbox.create(full.sdk);
    const results = await original.fork({ count: 3, timeoutMs: 60_000 });
    const refused = results.filter((result) => result instanceof Error);
    expect(refused).toEqual([expect.any(RateLimitError)]);
    expect(String(refused[0])).toContain('maximum number of concurrent E2B sandboxes (4)');
    expect((await askApi(full, 'GET /admin/ledger')).json).toMatchObject({
      live: 4,
      highest: { live: 4 },
      creates: { asked: 5, accepted: 5, refused: { concurrency: 1 } },
    });
    const forks = results.filter((result) => result instanceof Sandbox);
    await Promise.all([...forks, other].map((sandbox) => sandbox.kill()));
  });

  test('four forks can never be, since their source keeps its place: 400', async () => {
    const { json } = await askApi(full, `POST /sandboxes/${original.sandboxId}/fork`, { count: 4 });
    const message = 'Count must be lower than the maximum number of concurrent sandboxes (4)';
    expect(json).toEqual({ code: 400, message });
  });
});
