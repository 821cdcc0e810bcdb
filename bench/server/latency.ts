import { Sandbox } from '@e2b/code-interpreter';
import { quantile, type Samples } from '../measure.ts';
import type { Account } from './start.ts';

/** Create, first command and destroy through the SDK, one after another. */
export async function measureLatency(
  account: Account,
  count: number,
): Promise<Record<'create' | 'first command' | 'destroy', Samples>> {
  const samples = { create: [] as Samples, 'first command': [] as Samples, destroy: [] as Samples };
  for (let index = 0; index < count; index++) {
    const sandbox = await timed(samples.create, () =>
      Sandbox.create('base', { ...account, allowInternetAccess: false }),
    );
    await timed(samples['first command'], () => sandbox.commands.run('true'));
    await timed(samples.destroy, () => sandbox.kill());
  }
  for (const values of Object.values(samples)) values.sort((a, b) => a - b);
  return samples;
}

/** The same while so many others live, each with a sleeping command. */
export async function measureCrowdedLatency(
  account: Account,
  count: number,
  living: number,
): Promise<Awaited<ReturnType<typeof measureLatency>>> {
  const others = await Promise.all(
    Array.from({ length: living }, async () => {
      const sandbox = await Sandbox.create('base', { ...account, allowInternetAccess: false });
      await sandbox.commands.run('sleep 1000', { background: true, timeoutMs: 0 });
      return sandbox;
    }),
  );
  const samples = await measureLatency(account, count);
  await Promise.all(others.map((sandbox) => sandbox.kill()));
  return samples;
}

/** One line for each kind of request. */
export function latencyLines(samples: Readonly<Record<string, Samples>>): string[] {
  return Object.entries(samples).map(([what, sorted]) => {
    const [half, most] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
    return `${what}: p50 ${half.toFixed(1)} ms, p99 ${most.toFixed(1)} ms`;
  });
}

async function timed<T>(samples: Samples, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  samples.push(performance.now() - startedMs);
  return result;
}
