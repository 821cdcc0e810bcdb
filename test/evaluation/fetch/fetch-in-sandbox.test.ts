import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchScript } from '../../../src/evaluation/fetch/fetch-in-sandbox.ts';
import { listen } from '../../fixtures/listen.ts';
import { makeRepo } from '../try-spec.ts';

// The sandboxes of the tests have no network: the script runs here, against remotes on this disk.

let folder: string;
let repo: { path: string; commits: string[] };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-fetch-'));
  repo = makeRepo(folder, { 'a.txt': 'one\n' }, { 'a.txt': 'two\n' }, { 'a.txt': 'three\n' });
  execFileSync('git', ['tag', '-a', '-m', 'x', 'v2', repo.commits[1] ?? ''], { cwd: repo.path });
  execFileSync('git', ['branch', 'abcdef', repo.commits[0] ?? ''], { cwd: repo.path });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fetchTo(
  repoAddress: string,
  ref: string,
): { status: number | null; head: string; text: string; said: string } {
  const repoDir = mkdtempSync(join(folder, 'out-'));
  const script = fetchScript({ repoDir, submodules: false }, { repo: repoAddress, ref });
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  const read = (...args: string[]) =>
    spawnSync(args[0] ?? '', args.slice(1), { cwd: repoDir, encoding: 'utf8' }).stdout;
  return { status, head: read('git', 'rev-parse', 'HEAD').trim(), text: read('cat', 'a.txt'), said: stderr };
}

test.each([
  ['HEAD', 2],
  ['main', 2],
  ['v2', 1],
  ['abcdef', 0],
])('%s is fetched', (ref, version) => {
  const fetched = fetchTo(`file://${repo.path}`, ref);
  expect(fetched).toMatchObject({ status: 0, head: repo.commits[version] });
});

test('a commit is fetched, in full or abbreviated', () => {
  const [, second = ''] = repo.commits;
  expect(fetchTo(`file://${repo.path}`, second)).toMatchObject({ status: 0, head: second, text: 'two\n' });
  expect(fetchTo(`file://${repo.path}`, second.slice(0, 7))).toMatchObject({ status: 0, head: second });
});

test.each(['none', 'abc1234', '0123456789012345678901234567890123456789'])('%s is not there', (ref) => {
  const { status, said } = fetchTo(`file://${repo.path}`, ref);
  expect({ status, said }).toEqual({
    status: 44,
    said: expect.stringMatching(/couldn't find remote ref|not our ref/),
  });
});

test('a repo that is not there is told from a ref that is not', () => {
  const { status, said } = fetchTo(`file://${folder}/none`, 'main');
  expect({ status, said }).toEqual({ status: 1, said: expect.stringContaining('fatal:') });
});

test('a server that knows no shallow fetch is asked for the whole', async () => {
  execFileSync('git', ['update-server-info'], { cwd: repo.path });
  const files = createServer(({ url: asked = '' }, response) => {
    const path = join(
      repo.path,
      '.git',
      decodeURIComponent(asked.split('?')[0] ?? '').replace('/a.git/', ''),
    );
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) createReadStream(path).pipe(response);
    else response.writeHead(404).end();
  });
  const url = await listen(files);
  const repoDir = mkdtempSync(join(folder, 'out-'));
  const script = fetchScript({ repoDir, submodules: false }, { repo: `${url}/a.git`, ref: 'main' });
  await new Promise((resolve, reject) => {
    execFile('bash', ['-c', script], (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
  files.close();
  const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repoDir, encoding: 'utf8' }).trim();
  expect(head).toBe(repo.commits[2]);
});
