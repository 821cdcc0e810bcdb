import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from 'e2b';
import { startServer } from './start.ts';

const [FILES, FILE_BYTES, FORKS] = [20_000, 25_000, 16];
// Spread over 200 folders, each file of its own bytes.
const TREE = `perl -e 'for $f (0 .. ${FILES - 1}) { $d = "tree/" . $f % 200; mkdir "tree"; mkdir $d;
  open F, ">", "$d/$f" or die $!; print F pack("N", $f) x ${FILE_BYTES / 4}; close F }'`;
const COUNT = 'find tree -type f | wc -l';

/** Forks and saves a sandbox that holds a large tree: time, disk and memory, beside as many plain copies of the tree. */
export async function measureForks(home: string): Promise<string[]> {
  const server = await startServer(home, ['--disk-mb', '1024', '--memory-mb', '2048']);
  try {
    const source = await Sandbox.create('base', { ...server.account, allowInternetAccess: false });
    await source.commands.run(TREE, { timeoutMs: 0, requestTimeoutMs: 0 });
    const [diskBefore, memoryBefore] = [diskMb(home), memoryMb()];
    const [forks, forkedMs] = await timed(() =>
      source.fork({ count: FORKS, timeoutMs: 600_000, requestTimeoutMs: 0 }),
    );
    const [disk, memory] = [diskMb(home) - diskBefore, memoryMb() - memoryBefore];
    const wrong = (await Promise.all(forks.map(countFiles))).filter((count) => count !== FILES).length;
    await Promise.all(forks.map(async (fork) => fork instanceof Sandbox && (await fork.kill())));
    const [, savedMs] = await timed(() => source.createSnapshot({ requestTimeoutMs: 0 }));
    const layers = join(home, 'layers');
    const [layer = ''] = readdirSync(layers).filter((name) => !name.includes('.'));
    const copies = copyPlainly(join(layers, layer, 'home'), join(home, 'copies'));
    return [
      `a sandbox with ${FILES} files, ${(FILES * FILE_BYTES) / 1e6} MB:`,
      `${FORKS} forks: ${seconds(forkedMs)}, ${disk} MB of disk, ${memory} MB of memory; ${wrong} of them lack files`,
      `a snapshot: ${seconds(savedMs)}, ${diskMb(join(layers, layer))} MB of disk`,
      `${FORKS} plain copies of the tree (cp -a): ${seconds(copies.ms)}, ${copies.mb} MB of disk`,
    ];
  } finally {
    await server.close();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}

async function countFiles(fork: Sandbox | Error): Promise<number> {
  if (fork instanceof Error) throw fork;
  return Number((await fork.commands.run(COUNT, { timeoutMs: 0 })).stdout);
}

function copyPlainly(tree: string, to: string): { ms: number; mb: number } {
  mkdirSync(to);
  const startedMs = performance.now();
  for (let copy = 0; copy < FORKS; copy++) execFileSync('cp', ['-a', tree, join(to, String(copy))]);
  const ms = performance.now() - startedMs;
  const mb = diskMb(to);
  rmSync(to, { recursive: true });
  return { ms, mb };
}

function diskMb(folder: string): number {
  return Math.round(Number(execFileSync('du', ['-sB1', folder], { encoding: 'utf8' }).split('\t')[0]) / 1e6);
}

/** What lies in files in memory, on the whole machine. */
function memoryMb(): number {
  const kilobytes = /^Shmem: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / 1e6);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
