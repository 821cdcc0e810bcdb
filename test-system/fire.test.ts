import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const CHAOS = join(import.meta.dirname, '..', 'dist', 'bench', 'chaos', 'chaos.js');

/** What it said in the end; it rejects if a promise was broken. */
async function burn(plan: Record<string, number | string>): Promise<string> {
  const flags = Object.entries(plan).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return (await promisify(execFile)(process.execPath, [CHAOS, ...flags])).stdout;
}

const SMALL = { slots: 30, 'creates-per-s': 30, 'longest-s': 2, seed: 7 };

describe('Under fire', { timeout: 400_000 }, () => {
  test('every promise is kept while a gremlin kills, stops, empties, cuts and fills', async () => {
    const said = await burn({ ...SMALL, evaluations: 500, kills: 6, stops: 2, outages: 5 });
    expect(said).toContain('done: 6 kills, 2 stops, 5 outages');
    expect(said).toContain('every promise was kept');
  });

  test('restarts of processes under load lose nothing, double nothing and cost no attempt', async () => {
    const orderly = { kills: 0, stops: 0, outages: 0, restarts: 12, 'drain-s': 30, faults: 'off' };
    const said = await burn({ ...SMALL, evaluations: 500, ...orderly });
    expect(said).toContain('12 restarts');
    expect(said).toContain('attempts 500; creations asked 500,');
    expect(said).toContain('every promise was kept');
  });
});
