import { readFile, readdir } from 'node:fs/promises';
import { Sandbox } from '@e2b/code-interpreter';
import type { Stack } from '../src/local/use-stack.ts';

/** Milliseconds of one kind of request, sorted. */
export type Samples = number[];

/** Create, first command and destroy through the SDK, one after another. */
export async function measureLatency(
  stack: Stack,
  count: number,
): Promise<Record<'create' | 'first command' | 'destroy', Samples>> {
  const { apiUrl, sandboxUrl, apiKey } = stack.provider;
  if (!apiUrl || !sandboxUrl || !apiKey) throw new Error('the benchmark needs the local provider');
  const samples = { create: [] as Samples, 'first command': [] as Samples, destroy: [] as Samples };
  for (let index = 0; index < count; index++) {
    const sandbox = await timed(samples.create, () =>
      Sandbox.create('base', { apiUrl, sandboxUrl, apiKey, allowInternetAccess: false }),
    );
    await timed(samples['first command'], () => sandbox.commands.run('true'));
    await timed(samples.destroy, () => sandbox.kill());
  }
  for (const values of Object.values(samples)) values.sort((a, b) => a - b);
  return samples;
}

/** The value below which that share of the samples lies. */
export function quantile(sorted: Samples, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Proportional set size of every process whose command line names the stack's folder or programs, MiB by name. */
export async function measureMemory(pattern: RegExp): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const command = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    const name = pattern.exec(command)?.[1];
    if (!name) continue;
    const rollup = await readFile(`/proc/${entry}/smaps_rollup`, 'utf8').catch(() => '');
    const mib = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
    sizes.set(name, (sizes.get(name) ?? 0) + mib);
  }
  return sizes;
}

async function timed<T>(samples: Samples, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  samples.push(performance.now() - startedMs);
  return result;
}
