import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { seededDice } from '../chaos/dice.ts';
import { drawWork } from '../chaos/truth.ts';
import { inWorld, processesOf, runWork } from './run-work.ts';
import { inWords, readCpu, readMemory } from './usage.ts';

const SLOTS = 64;
const CREATES_PER_S = 2000;
const SECONDS = [0.1, 0.3] as const;
const ROUNDS = 3;

/** The same work without traces and with all of them sent, in turn: evaluations a second, and where the processor went. */
export async function measureTracing(count: number): Promise<string[]> {
  const collector = await startCollector();
  const lines = [
    `${count} evaluations of ${SECONDS.join(' to ')} s at ${SLOTS} slots, creations not limited:`,
  ];
  const sums = { off: { perS: 0, cpuMs: 0 }, on: { perS: 0, cpuMs: 0 } };
  const ways = { off: {}, on: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ['off', 'on'] as const) {
      const { perS, cpuMs, line } = await run(count, ways[way]);
      sums[way].perS += perS;
      sums[way].cpuMs += cpuMs;
      lines.push(`  traces ${way}: ${line}`);
    }
  }
  collector.server.close();
  const { off, on } = sums;
  return [
    ...lines,
    `with traces ${(on.perS / off.perS).toFixed(3)} of the evaluations a second, ${(on.cpuMs / off.cpuMs).toFixed(3)} of the cpu for each; ${(collector.bytes() / count / ROUNDS).toFixed(0)} bytes sent for each`,
  ];
}

async function run(
  count: number,
  env: Record<string, string>,
): Promise<{ perS: number; cpuMs: number; line: string }> {
  const work = drawWork(seededDice(7), { count, seconds: SECONDS });
  return inWorld({ slots: SLOTS, createsPerS: CREATES_PER_S, env }, async (world) => {
    const before = await readCpu(processesOf(world));
    const { makespanS } = await runWork(world, work, 'traced');
    const after = await readCpu(processesOf(world));
    const each = new Map(
      [...after].map(([name, s]) => [name, ((s - (before.get(name) ?? 0)) / count) * 1000]),
    );
    const perS = count / makespanS;
    const cpuMs = [...each.values()].reduce((sum, ms) => sum + ms, 0);
    const memory = inWords(await readMemory(processesOf(world)), 0);
    const line = `${perS.toFixed(1)} a second; cpu per evaluation, ms: ${inWords(each, 2)}; memory, MiB: ${memory}`;
    return { perS, cpuMs, line };
  });
}

/** Takes whatever it is sent, and forgets it. */
async function startCollector(): Promise<{ url: string; server: Server; bytes: () => number }> {
  let bytes = 0;
  const server = createServer((request, reply) => {
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => reply.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, server, bytes: () => bytes };
}
