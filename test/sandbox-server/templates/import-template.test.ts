import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { removeFolder } from '../../../src/sandbox-server/own-folder.ts';
import { importTemplate, type Imported } from '../../../src/sandbox-server/templates/import-template.ts';
import { Templates } from '../../../src/sandbox-server/templates/templates.ts';
import { writeTar, type Entry } from './write-tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'evalpool-templates-'));
afterAll(() => removeFolder(folder));

/** The least that passes for a root file system. */
const SHELL: Entry[] = [
  { path: 'bin/sh', text: '#!' },
  { path: 'bin/bash', text: '#!' },
];

let home: string;
let templates: Templates;
beforeEach(() => {
  home = mkdtempSync(join(folder, 'home-'));
  templates = new Templates(home);
});

async function add(entries: Entry[], pack = (tar: Buffer): Uint8Array => tar): Promise<Imported> {
  const archive = join(home, 'archive');
  writeFileSync(archive, pack(writeTar(entries)));
  return importTemplate(home, templates, { name: 'mine', from: archive });
}

function rootOf({ template }: Imported): string {
  return join(templates.layers.paths(template.layers)[0] ?? '', 'root');
}

describe('A template from an archive', () => {
  test.each([
    ['tar', undefined],
    ['gzipped tar', (tar: Buffer) => gzipSync(tar)],
  ])('(%s) holds its files, links, modes and times', async (_form, pack) => {
    const mtime = new Date('2020-02-02T02:02:02Z');
    const imported = await add(
      [
        ...SHELL,
        { path: './opt/', type: 'Directory', mode: 0o750, mtime },
        { path: './opt/run', mode: 0o700, mtime, text: 'x'.repeat(2000) },
        { path: './opt/again', type: 'Link', linkpath: './opt/run' },
        { path: './opt/far', type: 'SymbolicLink', linkpath: '/usr/share/../lib' },
      ],
      pack,
    );
    const root = rootOf(imported);
    const [opt, run, again] = ['opt', 'opt/run', 'opt/again'].map((name) => lstatSync(join(root, name)));
    expect([opt?.mode, run?.mode].map((mode) => (mode ?? 0) & 0o7777)).toEqual([0o750, 0o700]);
    expect([opt?.mtime, run?.mtime]).toEqual([mtime, mtime]);
    expect(run?.size).toBe(2000);
    expect(again?.ino).toBe(run?.ino);
    expect(readlinkSync(join(root, 'opt/far'))).toBe('/usr/share/../lib');
    expect(imported).toMatchObject({ entries: 6, bytes: 2004, lacks: [] });
  });

  test('gives its files to the server, without set-user-id', async () => {
    const root = rootOf(await add([...SHELL, { path: 'bin/su', mode: 0o6755, uid: 0, gid: 0, text: 'x' }]));
    const { mode, uid, gid } = lstatSync(join(root, 'bin/su'));
    expect([mode & 0o7777, uid, gid]).toEqual([0o755, process.getuid?.(), process.getgid?.()]);
  });

  test('writes nothing outside through links of its own', async () => {
    const target = join(home, 'outside');
    mkdirSync(target);
    const root = rootOf(
      await add([
        ...SHELL,
        { path: 'trap', type: 'SymbolicLink', linkpath: target },
        { path: 'trap/file', text: 'x' },
        { path: 'up', type: 'SymbolicLink', linkpath: '../../../../../../../..' },
        { path: 'up/file', text: 'y' },
      ]),
    );
    expect(existsSync(join(target, 'file'))).toBe(false);
    expect(readFileSync(join(root, target, 'file'), 'utf8')).toBe('x');
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('y');
  });

  test('gets what every sandbox relies on, and keeps its own accounts', async () => {
    const root = rootOf(
      await add([
        ...SHELL,
        { path: 'etc/passwd', text: 'node:x:1000:1000::/home/node:/bin/sh' },
        {
          path: 'etc/resolv.conf',
          type: 'SymbolicLink',
          linkpath: '../run/systemd/resolve/stub-resolv.conf',
        },
        { path: 'etc/hosts' },
        { path: 'etc/hostname', text: 'box\n' },
        { path: 'tmp', type: 'SymbolicLink', linkpath: '/var/tmp' },
        { path: 'dev/sda', type: 'BlockDevice' },
        { path: 'proc/1', text: 'x' },
      ]),
    );
    const text = (name: string): string => readFileSync(join(root, 'etc', name), 'utf8');
    expect(text('passwd')).toBe(
      'node:x:1000:1000::/home/node:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/bash\n',
    );
    expect(lstatSync(join(root, 'etc/resolv.conf')).isFile()).toBe(true);
    expect([text('hosts'), text('hostname')]).toEqual([
      expect.stringContaining('127.0.0.1 localhost'),
      'box\n',
    ]);
    expect(lstatSync(join(root, 'tmp')).mode & 0o7777).toBe(0o1777);
    expect(lstatSync(join(root, 'home/user')).isDirectory()).toBe(true);
    expect([existsSync(join(root, 'dev/sda')), existsSync(join(root, 'proc/1'))]).toEqual([false, false]);
  });

  test('says that it lacks the shell of the SDK', async () => {
    const { lacks } = await add([{ path: 'bin/sh', text: '#!' }]);
    expect(lacks).toEqual(["no /bin/bash, with which E2B's SDK runs every command"]);
  });

  test.each<[string, Entry[], string]>([
    ['leads up', [{ path: 'a/../../b' }], "'a/../../b': a name with '..'"],
    ['is absolute', [{ path: '/etc/passwd' }], "'/etc/passwd': an absolute name"],
    ['links up', [{ path: 'a', type: 'Link', linkpath: '../b' }], "'a': a name with '..'"],
    ['is a device', [{ path: 'x/null', type: 'CharacterDevice' }], "'/x/null': a CharacterDevice cannot be"],
    ['has no shell', [{ path: 'etc/passwd' }], 'there is no /bin/sh in it'],
    [
      'is an image',
      [{ path: 'manifest.json' }, { path: 'x/layer.tar' }],
      'an image in layers, as `docker save`',
    ],
  ])('is refused when it %s', async (_what, entries, message) => {
    await expect(add(entries)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
    });
    expect(templates.all()).toEqual([]);
    expect(existsSync(join(home, 'layers'))).toBe(false);
  });

  test('is refused when it is none or is damaged', async () => {
    await expect(add(SHELL, () => Buffer.from('no archive at all'))).rejects.toThrow('not a tar archive');
    const long = [{ path: 'a', text: 'x'.repeat(1000) }];
    await expect(add(long, (tar) => tar.subarray(0, 700))).rejects.toThrow('not a tar archive');
    await expect(add(SHELL, (tar) => gzipSync(tar).subarray(0, 60))).rejects.toThrow('not a tar archive');
  });
});

test('a folder makes the same template as its archive', async () => {
  const source = join(home, 'source');
  mkdirSync(join(source, 'bin'), { recursive: true });
  for (const name of ['sh', 'bash']) writeFileSync(join(source, 'bin', name), '#!', { mode: 0o755 });
  symlinkSync('/etc/hostname', join(source, 'link'));
  const root = rootOf(await importTemplate(home, templates, { name: 'mine', from: source }));
  expect(readlinkSync(join(root, 'link'))).toBe('/etc/hostname');
  expect(lstatSync(join(root, 'bin/sh')).mode & 0o777).toBe(0o755);
});

test('what cannot be found is said to be so', async () => {
  const from = join(home, 'none');
  await expect(importTemplate(home, templates, { name: 'mine', from })).rejects.toThrow(
    'no such file or folder',
  );
});

test('a template that is added again takes the place of the former', async () => {
  const first = await add(SHELL);
  const second = await add([...SHELL, { path: 'new' }]);
  expect(templates.all()).toEqual([second.template]);
  await templates.removeUnusedLayers();
  expect([existsSync(rootOf(first)), existsSync(rootOf(second))]).toEqual([false, true]);
});
