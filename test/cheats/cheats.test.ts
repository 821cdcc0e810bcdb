import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArena, type Arena } from './arena.ts';
import { BY_THE_BUILD } from './by-the-build.ts';
import { BY_THE_CODE } from './by-the-code.ts';
import { BY_THE_PATCH } from './by-the-patch.ts';
import { BY_THE_TESTS } from './by-the-tests.ts';
import { NOT_STOPPED } from './not-stopped.ts';

const CHEATS = [...BY_THE_TESTS, ...BY_THE_CODE, ...BY_THE_BUILD, ...BY_THE_PATCH];

let arena: Arena;
beforeAll(async () => {
  arena = await openArena();
});
afterAll(() => arena.close());

test.each(CHEATS)('a candidate that $name ends with $ends, an honest one passes', async (cheat) => {
  expect(cheat.ends).not.toBe('');
  expect(cheat.ends.split(' or ')).toContain(await arena.try(cheat));
  expect(await arena.tryHonest(cheat.spec)).toBe('');
});

test.each(NOT_STOPPED)('a candidate that $name passes, as docs/outcomes.md says', async (cheat) => {
  expect(await arena.try(cheat)).toBe('');
});
