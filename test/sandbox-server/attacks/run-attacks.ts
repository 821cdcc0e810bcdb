import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Attack, Field } from './attack.ts';
import { ATTACKS } from './all-attacks.ts';
import { startField, type StartedField } from './start-field.ts';
import type { StartMode } from './start-modes.ts';

/** Another wall than the default. */
export interface OtherWall {
  /** Of the server, to choose it. */
  flags: readonly string[];
  /** Attacks that do not show there whether it holds, by their names, each with the reason. */
  cannotShow: Readonly<Record<string, string>>;
}

/** Tries every attack on a server in this mode. */
export function tryAttacks(mode: StartMode, wall: OtherWall = { flags: [], cannotShow: {} }): void {
  const attacks = ATTACKS.filter(({ name }) => !(name in wall.cannotShow));
  if (ATTACKS.length - attacks.length !== Object.keys(wall.cannotShow).length)
    throw new Error('a name in cannotShow is no attack');
  const lacking = mode.lacks();
  describe.skipIf(lacking !== null)(`${mode.name}${lacking === null ? '' : `: ${lacking}`}`, () => {
    let field: StartedField;
    beforeAll(async () => {
      field = await startField(mode, wall.flags);
    });
    afterEach(() => field.clear());
    afterAll(() => field.close());

    for (const attack of attacks)
      test(`A candidate cannot ${attack.name}`, async (context) => {
        const lack = attack.lacks?.(field) ?? null;
        if (lack !== null) return context.skip(lack);
        expect(await lootOf(attack, field)).toBe('');
      });

    test('After all attacks the server answers and has no sandbox left', async () => {
      await field.clear();
      const health = await fetch(`${field.url}/health?verbose`);
      expect(await health.json()).toMatchObject({ sandboxes: { running: 0, opening: 0, dying: 0 } });
      expect(field.host.isAlive()).toBe(true);
    });
  });
}

async function lootOf(attack: Attack, field: Field): Promise<string> {
  return (await attack.attempt(field)).trim();
}
