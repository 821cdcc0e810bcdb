import { expect, test } from 'vitest';
import {
  checkRef,
  credentialsOf,
  repoKind,
  resolveSubmodule,
  withoutCredentials,
} from '../../../src/evaluation/fetch/repo-address.ts';

test.each([
  ['https://host/a/b.git', 'web'],
  ['http://host:8080/a', 'web'],
  ['ssh://git@host/a', 'ssh'],
  ['git@host:a/b.git', 'ssh'],
  ['/srv/a', 'local'],
  ['./a:b', 'local'],
  ['file:///srv/a', 'local'],
])('%s is a %s repo', (repo, kind) => {
  expect(repoKind(repo)).toBe(kind);
});

test.each(['ext::sh -c touch% /tmp/x', '--upload-pack=touch', '-u', 'fd::17', 'gopher://a/b', 'git://a/b'])(
  '%s is refused',
  (repo) => {
    expect(() => repoKind(repo)).toThrow(expect.objectContaining({ code: 'REPO_FORBIDDEN' }));
  },
);

test.each(['main', 'v1.2', 'feature/x-1', 'a'.repeat(40), 'HEAD', '日本'])('%s may name a ref', (ref) => {
  expect(checkRef(ref)).toBe(ref);
});

test.each([
  '-x',
  '+main',
  'a:b',
  'a..b',
  'a~1',
  'a^',
  'a b',
  'a*',
  'a@{1}',
  'a\n',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a.lock',
])('%j may not', (ref) => {
  expect(() => checkRef(ref)).toThrow(expect.objectContaining({ code: 'REF_NOT_FOUND' }));
});

test('credentials in an address can be told from it', () => {
  expect(withoutCredentials('https://me:token@host/a')).toBe('https://host/a');
  expect(credentialsOf('https://me:token@host/a')).toEqual(['me:token', 'token']);
  expect(credentialsOf('https://host/a@b')).toEqual([]);
});

test.each([
  ['https://host/org/main.git', '../lib.git', 'https://host/org/lib.git'],
  ['https://host/org/main', './sub', 'https://host/org/main/sub'],
  ['git@host:org/main', '../../other/lib', 'git@host:other/lib'],
  ['https://host/org/main', 'https://else/x', 'https://else/x'],
  ['/srv/main', '../lib', '/srv/lib'],
])('from %s the submodule %s leads to %s', (repo, address, leads) => {
  expect(resolveSubmodule(repo, address)).toBe(leads);
});

test.each(['/etc', 'file:///etc', 'ext::sh'])('a remote repo cannot lead to %s', (address) => {
  expect(() => resolveSubmodule('https://host/a', address)).toThrow(
    expect.objectContaining({ code: 'REPO_FORBIDDEN' }),
  );
});
