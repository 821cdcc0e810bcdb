import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sandbox } from '@e2b/code-interpreter';
import type { Account } from './start.ts';

const BIG_MB = 100;
const SMALL_FILES = 1000;
const SMALL_BYTES = 1024;
const ROUNDS = 5;

/** Rates of uploads and downloads through the SDK beside those of plain `cp`, both into memory. */
export async function measureFiles(account: Account): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-files-'));
  const sandbox = await Sandbox.create('base', { ...account, allowInternetAccess: false });
  try {
    return [...(await big(sandbox, folder)), ...(await small(sandbox, folder))];
  } finally {
    await sandbox.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function big(sandbox: Sandbox, folder: string): Promise<string[]> {
  const bytes = randomBytes(BIG_MB * 1024 * 1024);
  writeFileSync(join(folder, 'big'), bytes);
  const copy = await best(() => {
    execFileSync('cp', [join(folder, 'big'), '/dev/shm/evalpool-bench-big']);
    rmSync('/dev/shm/evalpool-bench-big');
  });
  const up = await best(() => sandbox.files.write('/home/user/big', new Blob([bytes])));
  const down = await best(() => sandbox.files.read('/home/user/big', { format: 'bytes' }));
  const rate = (ms: number): string => `${((BIG_MB / ms) * 1000).toFixed(0)} MB/s`;
  return [
    `${BIG_MB} MB: upload ${rate(up)}, download ${rate(down)}, cp ${rate(copy)} (upload ${(copy / up).toFixed(2)} of cp, download ${(copy / down).toFixed(2)})`,
  ];
}

async function small(sandbox: Sandbox, folder: string): Promise<string[]> {
  const source = join(folder, 'small');
  mkdirSync(source);
  const files = Array.from({ length: SMALL_FILES }, (_, at) => ({
    path: `/home/user/small/${at}`,
    data: randomBytes(SMALL_BYTES).toString('latin1'),
  }));
  for (const [at, { data }] of files.entries()) writeFileSync(join(source, String(at)), data, 'latin1');
  const copy = await best(() => {
    execFileSync('cp', ['-r', source, '/dev/shm/evalpool-bench-small']);
    rmSync('/dev/shm/evalpool-bench-small', { recursive: true });
  });
  const up = await best(() => sandbox.files.write(files));
  const down = await best(() => Promise.all(files.map(({ path }) => sandbox.files.read(path))));
  const rate = (ms: number): string => `${((SMALL_FILES / ms) * 1000).toFixed(0)}/s`;
  return [
    `${SMALL_FILES} files of 1 KB: upload in one request ${rate(up)}, download one by one ${rate(down)}, cp -r ${rate(copy)} (upload ${(copy / up).toFixed(2)} of cp)`,
  ];
}

async function best(work: () => unknown): Promise<number> {
  let bestMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await work();
    bestMs = Math.min(bestMs, performance.now() - startedMs);
  }
  return bestMs;
}
