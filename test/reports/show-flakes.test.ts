import { expect, test } from 'vitest';
import type { Flake } from '../../src/database/read-flakes.ts';
import { showFlakes } from '../../src/reports/show-flakes.ts';

const flake = (task: string, since: Flake['since'], name: string | null = null): Flake => ({
  task,
  test: name,
  passed: 1,
  seen: 3,
  since,
});

test('newly flaky ones come first, verdicts are told from tests, and nothing in a name is obeyed', () => {
  const flakes = [flake('old', 'known'), flake('new', 'newly', 'test\u001b[2J_x')];
  expect(showFlakes({ repeated: 9, flakes }).split('\n')).toEqual([
    'task  test       passed  since',
    'new   test_x     1 of 3  newly',
    'old   (verdict)  1 of 3',
    '',
    '9 specs have more than one verdict: 1 of them flaky, 1 flaky tests, 1 newly',
  ]);
});

test('the first fifty are shown and the rest counted', () => {
  const text = showFlakes({ repeated: 60, flakes: Array.from({ length: 60 }, () => flake('t', 'known')) });
  expect(text).toContain('\nand 10 more: --json lists all\n');
});

test('without any it says over how many that is', () => {
  expect(showFlakes({ repeated: 2, flakes: [] })).toBe(
    '2 specs have more than one verdict: 0 of them flaky, 0 flaky tests, 0 newly',
  );
});
