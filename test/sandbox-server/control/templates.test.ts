import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sandbox, Template } from 'e2b';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeFolder } from '../../../src/sandbox-server/own-folder.ts';
import { importTemplate } from '../../../src/sandbox-server/templates/import-template.ts';
import { Templates } from '../../../src/sandbox-server/templates/templates.ts';
import { firstLine, startProgram } from '../start-program.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { makeTinyRoot } from '../tiny-root.ts';
import { askApi } from './ask-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'evalpool-templates-'));
const root = join(folder, 'root');
let host: TestServer;
/** As `evalpool template` has it, in another process. */
let templates: Templates;
beforeAll(async () => {
  mkdirSync(join(root, 'testbed'), { recursive: true });
  makeTinyRoot(root);
  writeFileSync(join(root, 'testbed/code'), 'of the template\n');
  host = await startTestServer();
  templates = new Templates(host.home);
});
afterAll(async () => {
  await host.close();
  removeFolder(folder);
});

const add = (name: string): Promise<unknown> => importTemplate(host.home, templates, { name, from: root });
const create = (template: string): Promise<Sandbox> => Sandbox.create(template, host.sdk);
const layersOnDisk = (): string[] => readdirSync(join(host.home, 'layers'));

describe('A template that is added while the server runs', () => {
  beforeAll(() => add('python:3.12'));
  afterAll(() => templates.remove('python:3.12'));

  test('is there for the next sandbox, by name and tag', async () => {
    const sandbox = await create('python:3.12');
    const { stdout } = await sandbox.commands.run('cat /testbed/code; ls /; id');
    expect(stdout).toContain('of the template\n');
    expect(stdout).toContain('testbed\n');
    expect(stdout).toContain('uid=1000(user)');
    expect((await sandbox.getInfo()).templateId).toBe('python:3.12');
    await sandbox.kill();
    await expect(create('python')).rejects.toThrow("404: template 'python' not found");
  });

  test('can be changed everywhere by its sandboxes, for none but themselves', async ({ skip }) => {
    const { json } = await askApi(host, 'GET /health?verbose');
    if (JSON.stringify(json).includes('templates read-only')) skip('overlays cannot be mounted here');
    const [one, two] = await Promise.all([create('python:3.12'), create('python:3.12')]);
    await one.commands.run('echo changed > /testbed/code; rm /usr/bin/stat; touch /new');
    await one.files.write('/testbed/more', 'more');
    const { stdout } = await two.commands.run('cat /testbed/code; ls /testbed /usr/bin/stat');
    expect(stdout).toBe('of the template\n/usr/bin/stat\n\n/testbed:\ncode\n');
    await Promise.all([one.kill(), two.kill()]);
  });

  test('can be saved and forked with what was changed', async () => {
    const source = await create('python:3.12');
    await source.commands.run('echo mine > /home/user/f');
    const { snapshotId } = await source.createSnapshot();
    const [fork] = await source.fork({ timeoutMs: 60_000 });
    const copies = [await create(snapshotId), fork];
    await source.kill();
    for (const copy of copies) {
      if (!(copy instanceof Sandbox)) throw copy;
      expect((await copy.commands.run('cat /home/user/f /testbed/code')).stdout).toBe(
        'mine\nof the template\n',
      );
      await copy.kill();
    }
    await Sandbox.deleteSnapshot(snapshotId, host.sdk);
  });

  test('has terminals', async () => {
    const sandbox = await create('python:3.12');
    let shown = '';
    const terminal = await sandbox.pty.create({
      cols: 80,
      rows: 24,
      onData: (data) => void (shown += Buffer.from(data).toString()),
    });
    await sandbox.pty.sendInput(terminal.pid, Buffer.from('ls /testbed; exit\n'));
    await terminal.wait();
    expect(shown).toContain('code');
    await sandbox.kill();
  });

  test('is in the lists of the API', async () => {
    const { json } = await askApi(host, 'GET /templates');
    expect(json).toMatchObject([
      { templateID: 'base', names: ['base', 'code-interpreter-v1'], buildStatus: 'ready' },
      { names: ['python:3.12'], aliases: ['python:3.12'], public: false, diskSizeMB: 256 },
    ]);
    expect(await Template.exists('python:3.12', host.sdk)).toBe(true);
    expect(await Template.exists('base', host.sdk)).toBe(true);
    expect(await Template.exists('python', host.sdk)).toBe(false);
  });

  test('keeps its name: no snapshot can have it', async () => {
    const sandbox = await create('base');
    await expect(sandbox.createSnapshot({ name: 'python:3.12' })).rejects.toThrow(
      'is a template of this server',
    );
    await sandbox.kill();
  });
});

test('A template that is removed is gone for new sandboxes, and from the disk when its last one is', async () => {
  await add('short');
  const sandbox = await create('short');
  templates.remove('short');
  await templates.removeUnusedLayers(); // as `evalpool template remove` does, beside the server
  await expect(create('short')).rejects.toThrow("404: template 'short' not found");
  expect((await sandbox.commands.run('cat /testbed/code')).stdout).toBe('of the template\n');
  expect(layersOnDisk()).not.toEqual([]);
  await sandbox.kill();
  await expect.poll(layersOnDisk).toEqual([]);
});

test('A template of which a snapshot is left goes with that', async () => {
  await add('long');
  const sandbox = await create('long');
  const { snapshotId } = await sandbox.createSnapshot();
  await sandbox.kill();
  expect((await askApi(host, 'DELETE /templates/long')).status).toBe(204);
  const copy = await create(snapshotId);
  expect((await copy.commands.run('cat /testbed/code')).stdout).toBe('of the template\n');
  await copy.kill();
  await Sandbox.deleteSnapshot(snapshotId, host.sdk);
  await expect.poll(layersOnDisk).toEqual([]);
});

test("The machine's own toolchain stays", async () => {
  expect(await askApi(host, 'DELETE /templates/base')).toMatchObject({ status: 400 });
});

test('Snapshots outlive a server that is killed; a layer that nothing needs is removed by the next', async () => {
  const home = mkdtempSync(join(folder, 'home-'));
  const flags = ['--json', '--home', home];
  const serve = async () => {
    const program = startProgram(home, flags);
    const { url, apiKey }: { url: string; apiKey: string } = JSON.parse(await firstLine(program));
    return { program, sdk: { apiUrl: url, sandboxUrl: url, apiKey, allowInternetAccess: false } };
  };
  const first = await serve();
  const source = await Sandbox.create(first.sdk);
  await source.files.write('kept', 'kept');
  const { snapshotId } = await source.createSnapshot({ name: 'kept' });
  const onDisk = (): string[] => readdirSync(join(home, 'layers')).filter((name) => !name.includes('.'));
  first.program.kill('SIGKILL');
  await once(first.program, 'exit');
  mkdirSync(join(home, 'layers', 'left'.repeat(5), 'home'), { recursive: true });
  expect(onDisk()).toHaveLength(2);
  const second = await serve();
  await expect.poll(onDisk).toHaveLength(1);
  const copy = await Sandbox.create(snapshotId, second.sdk);
  expect(await copy.files.read('kept')).toBe('kept');
  second.program.kill('SIGTERM');
  await once(second.program, 'exit');
  expect(existsSync(join(home, 'layers', onDisk()[0] ?? ''))).toBe(true);
});
