import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Templates } from '../../src/sandbox-server/templates/templates.ts';
import { startCli, type Ended } from './run-cli.ts';

let folder = '';
let home = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-cli-'));
  home = join(folder, 'home');
  mkdirSync(join(folder, 'root/bin'), { recursive: true });
  writeFileSync(join(folder, 'root/bin/sh'), '#!');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function cli(...args: string[]): Promise<Ended> {
  const running = startCli(args, { cwd: folder, env: { EVALPOOL_HOME: home } });
  running.child.stdin.end();
  return running.ended;
}

test('template adds, lists and removes without a server', async () => {
  expect(await cli('template', 'add', 'mine:1.0', 'root')).toEqual({
    code: 0,
    stdout: [
      'template mine:1.0: 2 files and folders, 0.0 MB',
      "  but there is no /bin/bash, with which E2B's SDK runs every command",
      '',
    ].join('\n'),
    stderr: '',
  });
  expect((await cli('template', 'list')).stdout).toMatch(/^│ mine:1\.0 +│ template +│ 20/m);
  expect(await cli('template', 'remove', 'mine:1.0')).toMatchObject({
    code: 0,
    stdout: 'removed template mine:1.0\n',
  });
  expect((await cli('template', 'list')).stdout).not.toContain('mine');
  expect(readdirSync(join(home, 'sandboxes/layers'))).toEqual([]);
});

test.each([
  [['add', 'no name', 'root'], /^USAGE: Invalid name: 'no name'/],
  [['add', 'base', 'root'], /^USAGE: Invalid name: 'base' is the machine's own toolchain/],
  [['add', 'mine', 'nothing'], /^INPUT_UNREADABLE: nothing: no such file or folder/],
  [['remove', 'none'], /^USAGE: there is no template 'none'; `evalpool template list` shows all/],
])('template %j says what is wrong', async (args, message) => {
  const { code, stderr } = await cli('template', ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('prune removes snapshots that nobody has used for long, and no templates', async () => {
  await cli('template', 'add', 'mine', 'root');
  const templates = new Templates(join(home, 'sandboxes'));
  const { layers } = templates.find('mine') ?? { layers: [] };
  const stack = { holds: 'root', folders: templates.layers.paths(layers), isTopWhole: true } as const;
  const snapshot = { kind: 'snapshot', tag: 'default', layers: stack, sandboxId: 'i1' } as const;
  const old = templates.keep({ ...snapshot, name: 'old' });
  templates.keep({ ...snapshot, name: 'new' });
  utimesSync(join(home, 'sandboxes/templates', `${old.id}.json`), 0, 0);
  expect(await cli('prune', '--older-than', '1h')).toMatchObject({
    code: 0,
    stdout: 'snapshot old\nwould remove 1 snapshots; --yes removes them\n',
  });
  expect((await cli('prune', '--older-than', '1h', '--yes')).stdout).toBe(
    'snapshot old\nremoved 1 snapshots\n',
  );
  expect(templates.all().map(({ name }) => name)).toEqual(['new', 'mine']);
});
