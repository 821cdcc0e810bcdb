import { GitUpstreamError, InvalidArgumentError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';

const ORIGIN = '/home/user/origin.git';
const AUTHOR = { authorName: 'Ada', authorEmail: 'ada@example.org' };

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
  await sandbox.git.init(ORIGIN, { bare: true, initialBranch: 'main' });
  await sandbox.git.init('first', { initialBranch: 'main' });
  await commit('first', 'a.txt', 'one\n');
  await sandbox.git.remoteAdd('first', 'origin', ORIGIN);
  await sandbox.git.push('first', { remote: 'origin', branch: 'main', setUpstream: true });
});
afterAll(() => host.close());

test('a repo is cloned from a bare one, and knows where from', async () => {
  await sandbox.git.clone(ORIGIN, { path: 'cloned', branch: 'main', depth: 1 });
  expect(await sandbox.files.read('cloned/a.txt')).toBe('one\n');
  expect(await sandbox.git.remoteGet('cloned', 'origin')).toBe(ORIGIN);
  expect(await sandbox.git.remoteGet('cloned', 'upstream')).toBeUndefined();
  expect(await sandbox.git.status('cloned')).toMatchObject({
    currentBranch: 'main',
    upstream: 'origin/main',
    ahead: 0,
    behind: 0,
    isClean: true,
  });
});

test('the state tells new, changed, removed, renamed and staged files apart', async () => {
  await sandbox.git.clone(ORIGIN, { path: 'state' });
  for (const name of ['changed', 'removed', 'renamed'])
    await sandbox.files.write(`state/${name}`, `${name}\n`);
  await sandbox.git.add('state');
  await sandbox.git.commit('state', 'three files', AUTHOR);
  await sandbox.commands.run('git mv renamed anew; rm removed; echo more >> changed; echo new > new', {
    cwd: 'state',
  });
  const { fileStatus, ahead, hasStaged, hasUntracked } = await sandbox.git.status('state');
  expect(fileStatus.map(({ name, status, staged }) => `${name} ${status} ${staged}`).toSorted()).toEqual([
    'anew renamed true',
    'changed modified false',
    'new untracked false',
    'removed deleted false',
  ]);
  expect({ ahead, hasStaged, hasUntracked }).toEqual({ ahead: 1, hasStaged: true, hasUntracked: true });
});

test('branches are made, switched, listed and deleted', async () => {
  await sandbox.git.clone(ORIGIN, { path: 'branches' });
  await sandbox.git.createBranch('branches', 'topic');
  expect(await sandbox.git.branches('branches')).toEqual({
    branches: ['main', 'topic'],
    currentBranch: 'topic',
  });
  await sandbox.git.checkoutBranch('branches', 'main');
  await sandbox.git.deleteBranch('branches', 'topic', { force: true });
  expect(await sandbox.git.branches('branches')).toEqual({ branches: ['main'], currentBranch: 'main' });
  await expect(sandbox.git.checkoutBranch('branches', 'topic')).rejects.toThrow('exit status 1');
});

test('a commit in one clone reaches another by push and pull', async () => {
  for (const path of ['here', 'there']) await sandbox.git.clone(ORIGIN, { path });
  await commit('here', 'b.txt', 'two\n');
  await sandbox.git.push('here');
  await sandbox.git.pull('there');
  expect(await sandbox.files.read('there/b.txt')).toBe('two\n');
  const log = await sandbox.commands.run('git log -1 --format="%an %ae %s"', { cwd: 'there' });
  expect(log.stdout).toBe('Ada ada@example.org b.txt\n');
});

test('push and pull of a branch that has no upstream say so', async () => {
  await sandbox.git.clone(ORIGIN, { path: 'lonely' });
  await sandbox.git.createBranch('lonely', 'mine');
  await expect(sandbox.git.pull('lonely')).rejects.toThrow(GitUpstreamError);
  await expect(sandbox.git.push('lonely', { setUpstream: false })).rejects.toThrow(GitUpstreamError);
});

test('changes are taken back, from the index and from the files', async () => {
  await sandbox.git.clone(ORIGIN, { path: 'undo' });
  await sandbox.files.write('undo/a.txt', 'changed\n');
  await sandbox.git.add('undo', { files: ['a.txt'] });
  await sandbox.git.restore('undo', { paths: ['a.txt'], staged: true });
  expect((await sandbox.git.status('undo')).fileStatus).toMatchObject([{ name: 'a.txt', staged: false }]);
  await sandbox.git.restore('undo', { paths: ['a.txt'] });
  expect(await sandbox.files.read('undo/a.txt')).toBe('one\n');
  await sandbox.files.write('undo/a.txt', 'changed\n');
  await sandbox.git.reset('undo', { mode: 'hard', target: 'HEAD' });
  expect((await sandbox.git.status('undo')).isClean).toBe(true);
  await expect(sandbox.git.restore('undo', { paths: [] })).rejects.toThrow(InvalidArgumentError);
});

test('settings are kept for one repo or for the user', async () => {
  await sandbox.git.init('settings');
  await sandbox.git.setConfig('pull.rebase', 'true', { scope: 'local', path: 'settings' });
  expect(await sandbox.git.getConfig('pull.rebase', { scope: 'local', path: 'settings' })).toBe('true');
  expect(await sandbox.git.getConfig('pull.rebase')).toBeUndefined();
  await sandbox.git.configureUser('Grace', 'grace@example.org');
  expect(await sandbox.git.getConfig('user.name')).toBe('Grace');
  await sandbox.files.write('settings/x', '');
  await sandbox.git.add('settings');
  await sandbox.git.commit('settings', 'by whom');
  const log = await sandbox.commands.run('git log -1 --format=%an', { cwd: 'settings' });
  expect(log.stdout).toBe('Grace\n');
});

async function commit(repo: string, name: string, text: string): Promise<void> {
  await sandbox.files.write(`${repo}/${name}`, text);
  await sandbox.git.add(repo);
  await sandbox.git.commit(repo, name, AUTHOR);
}
