import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WALLS, type WallName } from '../../src/config.ts';
import { measureFiles } from './files.ts';
import { measureForks } from './forks.ts';
import { latencyLines, measureCrowdedLatency, measureLatency } from './latency.ts';
import { measureSimulated } from './simulated.ts';
import { killAgainAndAgain, soak } from './soak.ts';
import { startServer, type Account } from './start.ts';

// npm run bench:server [latency|walls|files|forks|soak|kills|simulated]...: prints figures of the sandbox server; without a name all of them.

const SAMPLES = 200;
const LIVING = 50;
const CYCLES = Number(process.env['CYCLES'] ?? 10_000);
const SIMULATED = Number(process.env['SIMULATED'] ?? 5000);
const KILLS = Number(process.env['KILLS'] ?? 200);

const PARTS: Readonly<Record<string, (home: string) => Promise<string[]>>> = {
  latency: (home) =>
    withServer(home, async (account) => [
      'alone:',
      ...latencyLines(await measureLatency(account, SAMPLES)),
      `with ${LIVING} sandboxes living:`,
      ...latencyLines(await measureCrowdedLatency(account, SAMPLES, LIVING)),
    ]),
  walls: compareWalls,
  files: (home) => withServer(home, measureFiles),
  forks: measureForks,
  soak: (home) => soak(home, CYCLES),
  kills: (home) => killAgainAndAgain(home, KILLS),
  simulated: (home) => measureSimulated(home, SIMULATED),
};

async function compareWalls(home: string): Promise<string[]> {
  if (spawnSync('runsc', ['--version']).status !== 0) return ['runsc is not installed: not compared'];
  const lines: string[] = [];
  for (const wall of [...WALLS, ...WALLS]) {
    const measured = withServer(
      home,
      (account) => measureLatency(account, SAMPLES / 5).then(latencyLines),
      wall,
    );
    lines.push(`${wall}:`, ...(await measured));
  }
  return lines;
}

async function withServer(
  home: string,
  work: (account: Account) => Promise<string[]>,
  wall: WallName = WALLS[0],
): Promise<string[]> {
  const server = await startServer(home, ['--wall', wall]);
  try {
    return await work(server.account);
  } finally {
    await server.close();
  }
}

async function main(names: readonly string[]): Promise<void> {
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
    const part = PARTS[name];
    if (!part) throw new Error(`expected one of ${Object.keys(PARTS).join(', ')}, got '${name}'`);
    const home = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
    chmodSync(home, 0o755);
    console.log((await part(home)).join('\n'));
    rmSync(home, { recursive: true, force: true });
  }
}

/** In a pid namespace of our own, where every process seen is ours; a shell as its first process reaps. */
function runInNamespace(): void {
  const again = [process.execPath, ...process.argv.slice(1)].map((word) => `'${word}'`).join(' ');
  const argv = ['--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', `${again}; exit $?`];
  const env = { ...process.env, BENCH_INSIDE: '1' };
  process.exitCode = spawnSync('unshare', argv, { stdio: 'inherit', env }).status ?? 1;
}

if (process.env['BENCH_INSIDE'] === undefined) runInNamespace();
else await main(process.argv.slice(2));
