import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBatch } from '../src/database/batches.ts';
import type { Database } from '../src/database/connect.ts';
import { acceptFrom } from '../src/intake/accept.ts';
import { openInput } from '../src/intake/open-input.ts';
import { readSpecs } from '../src/intake/read-specs.ts';

/** What accepting a batch file took. */
export interface IntakeFigures {
  specs: number;
  specsPerS: number;
  /** Memory of this process before the first spec and at its highest, MB. */
  rssBeforeMb: number;
  rssPeakMb: number;
}

/** Writes a batch file of `specs` lines of 1 KB and accepts it into a batch of its own. */
export async function measureIntake(database: Database, specs: number): Promise<IntakeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
  try {
    const file = join(folder, 'batch.jsonl');
    await writeBatch(file, specs);
    return await measure(database, file, specs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(database: Database, file: string, specs: number): Promise<IntakeFigures> {
  const name = `bench-${specs}-${randomBytes(4).toString('hex')}`;
  const { id: batchId } = await openBatch(database, name, 'nowhere');
  const rssBeforeMb = rssMb();
  let rssPeakMb = rssBeforeMb;
  const start = performance.now();
  const told = await acceptFrom(
    readSpecs(await openInput(file), 'local'),
    async () => ({ database, batchId, over: new AbortController().signal }),
    () => (rssPeakMb = Math.max(rssPeakMb, rssMb())),
  );
  const seconds = (performance.now() - start) / 1000;
  if (told.accepted !== specs) throw new Error(`accepted ${told.accepted} of ${specs}`);
  return { specs, specsPerS: Math.round(specs / seconds), rssBeforeMb, rssPeakMb };
}

async function writeBatch(file: string, specs: number): Promise<void> {
  const out = createWriteStream(file);
  const patch = `--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n${'+    return compute(value, other)\n'.repeat(22)}`;
  for (let n = 0; n < specs; n += 1) {
    const spec = {
      id: `task-${Math.floor(n / 10)}`,
      sample: n % 10,
      repo: 'https://example.org/team/project.git',
      ref: '0123456789abcdef0123456789abcdef01234567',
      patch,
      test: 'python3 -m pytest -q',
      labels: { model: 'm', language: 'python' },
    };
    if (!out.write(`${JSON.stringify(spec)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 1e6);
}
