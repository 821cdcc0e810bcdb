import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Attack, Field } from './attack.ts';
import { ATTACKS } from './all-attacks.ts';
import { startField, type StartedField } from './start-field.ts';
import type { StartMode } from './start-modes.ts';

/** Tries every attack on a server in this mode. `wall`: flags of the server that choose another wall. */
export function tryAttacks(mode: StartMode, wall: readonly string[] = []): void {
  const lacking = mode.lacks();
  describe.skipIf(lacking !== null)(`${mode.name}${lacking === null ? '' : `: ${lacking}`}`, () => {
    let field: StartedField;
    beforeAll(async () => {
      field = await startField(mode, wall);
    });
    afterEach(() => field.clear());
    afterAll(() => field.close());

    for (const attack of ATTACKS)
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
