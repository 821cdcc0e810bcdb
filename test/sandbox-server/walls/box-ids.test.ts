import { expect, test } from 'vitest';
import { firstFree } from '../../../src/sandbox-server/walls/box-ids.ts';

test('Boxes take ids that nobody else uses, and in a container such as it has', () => {
  expect(firstFree('         0          0 4294967295\n')).toBe(2_000_000_000);
  expect(firstFree('0 100000 65536\n')).toBe(55_536);
  expect(firstFree('0 1000 1\n1 100000 65536\n')).toBe(55_537);
  expect(firstFree('0 1000 1\n')).toBe(1);
});
