import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerProcess } from '../../src/database/processes.ts';
import { readWindows } from '../../src/database/dispatch-evaluations.ts';
import {
  noteForeign,
  noteFull,
  noteOutage,
  noteTooOften,
  recoverLimits,
} from '../../src/slots/provider-health.ts';
import { giveBack, markAlive, takeSlot, type Slot } from '../../src/slots/slots.ts';
import { readProvider } from '../../src/slots/tiers.ts';
import { openTestDatabase } from '../fixtures/database.ts';
import { seedProvider } from '../fixtures/seed.ts';

describe('what a provider shows of itself', () => {
  let it: Awaited<ReturnType<typeof openTestDatabase>>;
  let processId: string;

  beforeAll(async () => {
    it = await openTestDatabase();
    processId = await registerProcess(it.database, 'evaluator');
  });
  afterAll(() => it.close());

  const take = (provider: string): Promise<Slot | undefined> =>
    takeSlot(it.database, { provider, evaluationId: '1', attempt: 1, processId });

  async function takeAlive(provider: string, count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const slot = await take(provider);
      await markAlive(it.database, slot!.ledgerId, `${provider}-${at}`);
    }
  }

  const slotsOf = async (provider: string): Promise<number> =>
    (await readProvider(it.database, provider))?.slots ?? Number.NaN;

  async function set(provider: string, values: object): Promise<void> {
    await it.database.updateTable('providers').set(values).where('name', '=', provider).execute();
  }

  /** As if so many seconds had passed for the provider. */
  async function pass(provider: string, seconds: number): Promise<void> {
    const ago = (column: string) =>
      sql`${sql.ref(column)} = ${sql.ref(column)} - make_interval(secs => ${seconds})`;
    await sql`update providers set ${sql.join(['seen_at', 'created_at', 'breaker_until', 'next_create_at'].map(ago))}
      where name = ${provider}`.execute(it.database);
  }

  test('reserve, foreign sandboxes and a limit of people’s own lower the slots at once', async () => {
    await seedProvider(it.database, 'shared', 10);
    await set('shared', { reserve: 2 });
    await noteForeign(it.database, 'shared', 3);
    expect(await slotsOf('shared')).toBe(5);
    await set('shared', { own_max_sandboxes: 6 });
    expect(await slotsOf('shared')).toBe(1);
    await noteForeign(it.database, 'shared', 9);
    expect(await slotsOf('shared')).toBe(0);
    expect(await take('shared')).toBeUndefined();
  });

  test('“too many sandboxes” lowers the limit to what lives, and it rises again by one at a time', async () => {
    await seedProvider(it.database, 'full', 10);
    await takeAlive('full', 3);
    await take('full');
    await noteFull(it.database, 'full');
    expect(await slotsOf('full')).toBe(3);
    expect(await take('full')).toBeUndefined();
    await recoverLimits(it.database);
    expect(await slotsOf('full')).toBe(3);
    for (const expected of [4, 5]) {
      await pass('full', 30);
      await recoverLimits(it.database);
      expect(await slotsOf('full')).toBe(expected);
    }
  });

  test('“too often” slows everybody down, and they quicken again slowly', async () => {
    await seedProvider(it.database, 'hasty', 10);
    await set('hasty', { creates_per_s: 10 });
    const spacing = async (): Promise<number> => {
      await pass('hasty', 60);
      await take('hasty');
      const { rows } = await sql<{ s: number }>`select extract(epoch from next_create_at - now())::float8 as s
        from providers where name = 'hasty'`.execute(it.database);
      return rows[0]!.s;
    };
    const before = await spacing();
    await noteTooOften(it.database, 'hasty');
    await noteTooOften(it.database, 'hasty');
    expect(await take('hasty')).toBeUndefined();
    expect(await spacing()).toBeGreaterThan(before * 3);
    for (let second = 0; second < 100; second++) await recoverLimits(it.database);
    expect(await spacing()).toBeLessThan(before * 1.5);
  });

  const openOf = async (provider: string): Promise<string | undefined> =>
    (await readWindows(it.database)).find((window) => window.provider === provider)?.open;

  test('failures in a row open the breaker; one probe at a time, and its success closes it', async () => {
    await seedProvider(it.database, 'ill', 10);
    for (let times = 0; times < 4; times++) expect(await noteOutage(it.database, 'ill', 'away')).toBe(false);
    expect(await openOf('ill')).toBe('all');
    await noteOutage(it.database, 'ill', 'away');
    expect(await openOf('ill')).toBe('none');
    expect(await take('ill')).toBeUndefined();
    await pass('ill', 100);
    expect(await openOf('ill')).toBe('one');
    const probe = await take('ill');
    expect(probe).toBeDefined();
    expect(await take('ill')).toBeUndefined();
    await giveBack(it.database, probe!.ledgerId); // it ended before its create: another may try
    expect(await openOf('ill')).toBe('one');
    expect(await take('ill')).toBeDefined();
    await noteOutage(it.database, 'ill', 'still away');
    expect(await openOf('ill')).toBe('none');
    await pass('ill', 100);
    const second = await take('ill');
    await markAlive(it.database, second!.ledgerId, 'well');
    expect(await openOf('ill')).toBe('all');
    expect(await take('ill')).toBeDefined();
  });

  test('a failure while others create is the evaluation’s own', async () => {
    await seedProvider(it.database, 'well', 10);
    expect(await noteOutage(it.database, 'well', 'template broken')).toBe(false);
    await takeAlive('well', 1);
    expect(await noteOutage(it.database, 'well', 'template broken')).toBe(true);
    await takeAlive('well', 1);
    await pass('well', 60);
    expect(await noteOutage(it.database, 'well', 'template broken')).toBe(false);
  });

  test('the onset of an outage charges the first two that meet it, whoever created right before', async () => {
    await seedProvider(it.database, 'onset', 10);
    await takeAlive('onset', 1);
    const fail = (): Promise<boolean> => noteOutage(it.database, 'onset', 'away');
    const own = await Promise.all(Array.from({ length: 8 }, fail));
    expect(own.filter(Boolean)).toHaveLength(2);
    expect(await openOf('onset')).toBe('none');
  });
});
