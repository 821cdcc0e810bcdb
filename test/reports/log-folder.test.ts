import { expect, test } from 'vitest';
import { logFolder } from '../../src/reports/log-folder.ts';

test('usual ids stay readable', () => {
  expect(logFolder('django__django-11099', 2)).toBe('django__django-11099-2');
  expect(logFolder('HumanEval/0', 0)).toBe('HumanEval+0-0');
});

test.each([
  '..',
  '.',
  '../../etc/passwd',
  '-rf',
  'a b',
  'a\nb',
  'a%2f',
  '~',
  '$(id)',
  'ü/☃',
  'x'.repeat(4000),
])('the id %j stays in its folder and harms no shell', (id) => {
  expect(logFolder(id, 0)).toMatch(/^[A-Za-z0-9_%][A-Za-z0-9_.%+-]{0,199}$/);
});

test('no two evaluations share a folder', () => {
  const ids = [
    'a/b',
    'a+b',
    'a_b',
    'a%2fb',
    'a%2Fb',
    'A/b',
    'a',
    'a-1',
    `${'y'.repeat(200)}1`,
    `${'y'.repeat(200)}2`,
  ];
  const folders = ids.flatMap((id) => [0, 1, 11].map((sample) => logFolder(id, sample)));
  expect(new Set(folders).size).toBe(folders.length);
});
