import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { LifeEvent } from '../records/event-log.ts';
import type { Sample } from '../records/samples.ts';
import type { BoxLimits } from '../box.ts';
import type { Sandboxes } from '../sandboxes.ts';
import { parseAs } from '../shapes.ts';

const MEGABYTE = 1024 * 1024;
const MOST = 1000;

const Seconds = z.coerce.number().nonnegative().optional();
const Interval = z.object({ start: Seconds, end: Seconds });
const Ids = z.object({ sandbox_ids: z.string().min(1) });
const count = z.coerce.number().int().nonnegative();
const OldLogQuery = z.object({ start: count.default(0), limit: count.max(MOST).default(MOST) });
const LogQuery = z.object({
  cursor: count.optional(),
  direction: z.enum(['forward', 'backward']).default('forward'),
  limit: count.max(MOST).default(MOST),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('debug'),
  search: z.string().default(''),
});

type ById = { Params: { id: string } };

/** The part of E2B's API that tells what sandboxes used and what happened to them. */
export function addRecords(app: FastifyInstance, sandboxes: Sandboxes): void {
  const { limits } = sandboxes.options;
  app.get<ById>('/sandboxes/:id/metrics', async ({ params, query }) => {
    const { start = 0, end = Infinity } = parseAs(Interval, query);
    const samples = await sandboxes.sampler.samplesOf(sandboxes.get(params.id));
    // The SDK rounds what it asks for to whole seconds.
    const asked = samples.map((sample) => describeSample(sample, limits));
    return asked.filter(({ timestampUnix }) => timestampUnix >= start && timestampUnix <= end);
  });
  app.get('/sandboxes/metrics', async ({ query }) => {
    const found = parseAs(Ids, query)
      .sandbox_ids.split(',')
      .flatMap((id) => sandboxes.find(id) ?? []);
    const newest = await Promise.all(
      found.map(async (sandbox) => {
        const sample = (await sandboxes.sampler.samplesOf(sandbox)).at(-1);
        return sample ? [[sandbox.id, describeSample(sample, limits)]] : [];
      }),
    );
    return { sandboxes: Object.fromEntries(newest.flat()) };
  });
  app.get<ById>('/sandboxes/:id/logs', ({ params, query }) => {
    const { start, limit } = parseAs(OldLogQuery, query);
    const events = sandboxes
      .get(params.id)
      .log.all.filter(({ atMs }) => atMs >= start)
      .slice(0, limit);
    return { logs: events.map(describeLine), logEntries: events.map(describeEvent) };
  });
  app.get<ById>('/v2/sandboxes/:id/logs', ({ params, query }) => {
    return { logs: readLog(sandboxes.get(params.id).log.all, parseAs(LogQuery, query)).map(describeEvent) };
  });
}

function readLog(events: readonly LifeEvent[], query: z.output<typeof LogQuery>): LifeEvent[] {
  const { cursor, direction, limit, level, search } = query;
  // All that we tell is of level info.
  if (level === 'warn' || level === 'error') return [];
  const found = events.filter(({ message }) => message.includes(search));
  if (direction === 'forward') return found.filter(({ atMs }) => atMs >= (cursor ?? 0)).slice(0, limit);
  return found
    .toReversed()
    .filter(({ atMs }) => atMs <= (cursor ?? Infinity))
    .slice(0, limit);
}

function describeSample(
  sample: Sample,
  { cpus, memoryMb }: BoxLimits,
): Record<string, unknown> & { timestampUnix: number } {
  return {
    timestamp: new Date(sample.atMs).toISOString(),
    timestampUnix: Math.floor(sample.atMs / 1000),
    cpuCount: cpus,
    cpuUsedPct: sample.cpuUsedPct,
    memUsed: sample.memoryBytes,
    memTotal: memoryMb * MEGABYTE,
    memCache: sample.cacheBytes,
    diskUsed: sample.diskBytes,
    diskTotal: sample.diskTotalBytes,
  };
}

function describeEvent({ atMs, message, fields }: LifeEvent): object {
  return { timestamp: new Date(atMs).toISOString(), level: 'info', message, fields };
}

function describeLine({ atMs, message, fields }: LifeEvent): object {
  return { timestamp: new Date(atMs).toISOString(), line: JSON.stringify({ message, ...fields }) };
}
