import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from 'e2b';
import { startServer } from './start.ts';

const [FILES, FILE_BYTES, FORKS] = [20_000, 25_000, 16];
// Spread over 200 folders, each file of its own bytes.
const TREE = `perl -e 'for $f (0 .. ${FILES - 1}) { $d = "tree/" . $f % 200; mkdir "tree"; mkdir $d;
  open F, ">", "$d/$f" or die $!; print F pack("N", $f) x ${FILE_BYTES / 4}; close F }'`;
const COUNT = 'find tree -type f | wc -l';

/** Forks a sandbox that holds a large tree: time and disk, beside as many plain copies of the tree. */
export async function measureForks(home: string): Promise<string[]> {
  const server = await startServer(home, ['--disk-mb', '1024', '--memory-mb', '2048']);
  try {
    const source = await Sandbox.create('base', { ...server.account, allowInternetAccess: false });
    await source.commands.run(TREE, { timeoutMs: 0, requestTimeoutMs: 0 });
    const layers = join(home, 'layers');
    const before = diskMb(home);
    const startedMs = performance.now();
    const forks = await source.fork({ count: FORKS, timeoutMs: 600_000, requestTimeoutMs: 0 });
    const forkedMs = performance.now() - startedMs;
    const forkedMb = diskMb(home) - before;
    const counted = await Promise.all(forks.map(countFiles));
    const wrong = counted.filter((count) => count !== FILES).length;
    const [layer = ''] = readdirSync(layers).filter((name) => !name.includes('.'));
    const copies = copyPlainly(join(layers, layer, 'home'), join(home, 'copies'));
    return [
      `${FORKS} forks of a sandbox with ${FILES} files, ${(FILES * FILE_BYTES) / 1e6} MB:`,
      `layers: ${seconds(forkedMs)}, ${forkedMb} MB of disk; forks that lack files: ${wrong}`,
      `plain copies (cp -a) of the same tree: ${seconds(copies.ms)}, ${copies.mb} MB of disk`,
    ];
  } finally {
    await server.close();
  }
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

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
