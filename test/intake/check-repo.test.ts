import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { checkRepo } from '../../src/intake/check-repo.ts';

test.each([
  'https://github.com/a/b',
  'https://github.com:8443/a/b.git',
  'ssh://git@github.com/a/b',
  'git@github.com:a/b.git',
  'https://8.8.8.8/a',
])('anyone may name %s', (repo) => {
  expect(checkRepo(repo, 'remote', '/x')).toEqual({ repo });
  expect(checkRepo(repo, 'local', '/x')).toEqual({ repo });
});

test.each([
  'ext::sh -c id',
  'fd::17',
  '-oProxyCommand=id',
  '--upload-pack=id',
  'http://github.com/a/b',
  'git://github.com/a/b',
  'ftp://example.org/a',
  'file://other-host/a',
  'github.com/a/b',
  'https://',
  'ssh://-oProxyCommand=id/a',
])('nobody may name %s', (repo) => {
  expect(checkRepo(repo, 'remote', '/x')).toHaveProperty('refused');
  expect(checkRepo(repo, 'local', '/x')).toHaveProperty('refused');
});

test.each([
  '/srv/code',
  './code',
  '../code',
  '~/code',
  '.',
  'file:///srv/code',
  'FILE:///srv/code',
  'https://user:secret@github.com/a/b',
  'https://token@github.com/a/b',
  'ssh://git:secret@github.com/a/b',
  'https://localhost/a',
  'https://git.localhost/a',
  'https://gitea/a',
  'https://git.internal/a',
  'https://127.0.0.1/a',
  'https://127.1/a',
  'https://2130706433/a',
  'https://0x7f.0.0.1/a',
  'https://0/a',
  'https://10.1.2.3/a',
  'https://172.20.0.1/a',
  'https://192.168.1.1/a',
  'https://169.254.169.254/latest',
  'https://100.64.0.1/a',
  'https://[::1]/a',
  'https://[::]/a',
  'https://[fe80::1]/a',
  'https://[fd00::1]/a',
  'https://[::ffff:10.0.0.1]/a',
  'https://[64:ff9b::7f00:1]/a',
  'https://[2002:7f00:1::]/a',
  'https://LOCALHOST./a',
  'https://１２７.0.0.1/a',
  'ssh://git@10.0.0.1/a',
  'ssh://git@2130706433/a',
  'ssh://git@0x7f.0.0.1/a',
  'git@127.1:a/b',
  'git@localhost:a/b',
  'git@192.168.0.1:a/b',
  '[::1]:a/b',
  'gitea:a/b',
])('only the command line may name %s', (repo) => {
  expect(checkRepo(repo, 'remote', '/x')).toHaveProperty('refused');
  expect(checkRepo(repo, 'local', '/x')).toHaveProperty('repo');
});

test('local paths become absolute', () => {
  expect(checkRepo('./code', 'local', '/batches')).toEqual({ repo: '/batches/code' });
  expect(checkRepo('../code', 'local', '/batches')).toEqual({ repo: '/code' });
  expect(checkRepo('/srv/a/../b', 'local', '/batches')).toEqual({ repo: '/srv/b' });
  expect(checkRepo('file:///srv/a%20b', 'local', '/batches')).toEqual({ repo: '/srv/a b' });
  expect(checkRepo('~/code', 'local', '/batches')).toEqual({ repo: `${homedir()}/code` });
});

test('the reason is told', () => {
  expect(checkRepo('--upload-pack=id', 'local', '/x')).toEqual({
    refused: 'starts with "-", which git would read as an option',
  });
  expect(checkRepo('http://example.org/a', 'local', '/x')).toEqual({
    refused: 'expected https or ssh, there was http',
  });
  expect(checkRepo('git@10.0.0.1:a', 'remote', '/x')).toEqual({
    refused: '10.0.0.1 is a private, link-local or loopback host',
  });
});
