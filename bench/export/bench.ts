import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linesOf, openResults, samplesOf } from '../../src/cli/export.ts';
import { compareRuns } from '../../src/reports/comparison/compare-runs.ts';
import { tallyResults } from '../../src/reports/comparison/tally-results.ts';
import { countRun } from '../../src/reports/formats/count-run.ts';
import { FORMAT_NAMES, FORMATS } from '../../src/reports/formats/formats.ts';
import { writeExport } from '../../src/reports/formats/write-export.ts';
import { makeRun } from './make-run.ts';

// npm run bench:export -- [--evaluations N]: time and peak memory of each export of a large run, of its counts and of a comparison,
// each in a process of its own. docs/benchmarks.md has the figures.

const { values, positionals } = parseArgs({
  options: { evaluations: { type: 'string', default: '200000' } },
  allowPositionals: true,
});

const PARTS: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  counts: async (folder) => countRun(await openResults(folder)),
  compare: async (folder) => {
    const lines = await linesOf(join(folder, 'results.jsonl'));
    return compareRuns(await tallyResults('a', lines()), await tallyResults('b', lines()));
  },
  ...Object.fromEntries(FORMAT_NAMES.map((name) => [name, (folder: string) => exportOne(name, folder)])),
};

async function exportOne(name: string, folder: string): Promise<void> {
  const format = FORMATS[name];
  if (!format) return;
  const samples = format.needs ? await samplesOf(join(folder, 'samples.jsonl')) : undefined;
  await writeExport(format, {
    run: await openResults(folder),
    wishes: { samples },
    out: join(folder, `out-${name}`),
  });
}

async function measurePart(part: string, folder: string): Promise<void> {
  const began = performance.now();
  await PARTS[part]?.(folder);
  const seconds = (performance.now() - began) / 1000;
  const mib = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${part.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s ${mib.toFixed(0).padStart(6)} MiB\n`,
  );
}

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-export-'));
  try {
    await makeRun(folder, Number(values.evaluations));
    const mib = statSync(join(folder, 'results.jsonl')).size / 1024 ** 2;
    process.stdout.write(`${values.evaluations} results, ${mib.toFixed(0)} MiB of results.jsonl\n`);
    for (const part of Object.keys(PARTS))
      spawnSync(process.execPath, [import.meta.filename, part, folder], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [part, folder] = positionals;
if (part !== undefined && folder !== undefined) await measurePart(part, folder);
else await measureAll();
