import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Sandbox } from '@e2b/code-interpreter';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { useStack, type Stack } from '../src/local/use-stack.ts';
import { makeLog } from '../src/log.ts';
import { removeFolder } from '../src/sandbox-server/own-folder.ts';

const CLI = join(import.meta.dirname, '..', 'dist', 'src', 'cli', 'main.js');
const CAN_BUILD = process.getuid?.() === 0 && spawnSync('debootstrap', ['--version']).status === 0;
const BUILD_MS = 600_000;

describe.skipIf(!CAN_BUILD)('A whole Debian as a template (skipped without root and debootstrap)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-test-'));
  chmodSync(folder, 0o711);
  const home = join(folder, 'home');
  let stack: Stack;

  const cli = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, EVALPOOL_HOME: home };
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { cwd: folder, env });
    return stdout;
  };

  beforeAll(async () => {
    const root = join(folder, 'root');
    const argv = ['--variant=minbase', '--include=python3,git', 'stable', root];
    execFileSync('debootstrap', argv, { stdio: 'ignore' });
    execFileSync('tar', ['-C', root, '-czf', join(folder, 'debian.tar.gz'), '.']);
    stack = await useStack(readConfig({ EVALPOOL_HOME: home }), { log: makeLog('test', 'silent') });
    await cli('template', 'add', 'debian:stable', 'debian.tar.gz');
  }, BUILD_MS);
  afterAll(async () => {
    await stack.leave();
    removeFolder(folder);
  });

  test('is where a spec that names it is evaluated, wherever its code lies', async () => {
    const spec = { template: 'debian:stable', repoDir: '/testbed', files: { 'a.py': 'print("hi")' } };
    const specs = [
      { ...spec, id: 'passes', test: 'python3 a.py | grep hi && touch /usr/lib/python3/dist-packages/mine' },
      {
        ...spec,
        id: 'sees-no-other-machine',
        test: 'test ! -e /opt/node && test ! -e /usr/lib/python3/dist-packages/mine',
      },
    ];
    writeFileSync(join(folder, 'batch.jsonl'), specs.map((each) => JSON.stringify(each)).join('\n'));
    expect(JSON.parse(await cli('run', '--json', 'batch.jsonl'))).toMatchObject({
      outcomes: { passed: 2, failed: 0 },
    });
  });

  test('runs code, installs packages of its own and is saved with them', async () => {
    const { apiUrl, sandboxUrl, apiKey } = stack.provider;
    if (apiUrl === null || sandboxUrl === null || apiKey === null) throw new Error('no local provider');
    const account = { apiUrl, sandboxUrl, apiKey };
    const sandbox = await Sandbox.create('debian:stable', { ...account, allowInternetAccess: false });
    const { text } = await sandbox.runCode('import os; os.path.exists("/etc/apt")');
    expect(text).toBe('True');
    const site = '/usr/lib/python3/dist-packages/greeting.py';
    await sandbox.files.write(site, 'word = "hello"');
    const { snapshotId } = await sandbox.createSnapshot();
    await sandbox.kill();
    const copy = await Sandbox.create(snapshotId, { ...account, allowInternetAccess: false });
    expect((await copy.runCode('import greeting; greeting.word')).text).toBe('hello');
    await copy.kill();
    await Sandbox.deleteSnapshot(snapshotId, account);
  });
});
