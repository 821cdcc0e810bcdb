import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { serveMetrics } from '../api/serve-health.ts';
import type { Database } from '../database/connect.ts';
import { readHealthHere } from '../database/processes.ts';
import { EvalpoolError } from '../errors.ts';
import { mergeMetrics, type MergedMetrics } from '../metrics/merge-metrics.ts';
import { wholeNumber } from './read-items.ts';

/** Where the figures of a run on this machine go; they would end with its stack. */
export interface MetricsOptions {
  metricsPort?: number;
  pushMetrics?: string;
  metricsFile?: string;
}

/** Adds the options to a command. */
export function addMetricsOptions(command: Command): Command {
  return command
    .option(
      '--metrics-port <port>',
      'serve the metrics of all processes at this port meanwhile',
      wholeNumber(0),
    )
    .option('--push-metrics <url>', 'at the end, push them to a Pushgateway')
    .option('--metrics-file <path>', "at the end, write them for node_exporter's textfile collector");
}

/** The figures of a run. */
export interface RunMetrics {
  /** From now on they are there to be looked up. */
  follow(database: Database): void;
  /** Takes them a last time and delivers them where they were asked for; says what did not work. */
  deliver(say: (line: string) => void): Promise<void>;
  close(): Promise<void>;
}

const JOB = 'evalpool';
const LONGEST_SCRAPE_MS = 5000;

/** Throws USAGE when the port cannot be had. */
export async function openRunMetrics(
  options: MetricsOptions,
  say: (line: string) => void,
): Promise<RunMetrics> {
  let database: Database | undefined;
  const collect = async (): Promise<MergedMetrics> =>
    mergeMetrics(database ? await scrapeHere(database) : []);
  const server = await serve(options, async () => (await collect()).text());
  if (server) say(`metrics: ${server.url}/metrics`);
  return {
    follow: (of) => (database = of),
    deliver: async (tell) => {
      if (!options.pushMetrics && !options.metricsFile) return;
      const metrics = await collect();
      const { pushMetrics, metricsFile } = options;
      if (pushMetrics) await tried(tell, '--push-metrics', metrics.push(pushMetrics, JOB));
      if (metricsFile) await tried(tell, '--metrics-file', writeText(metrics, metricsFile));
    },
    close: async () => server?.close(),
  };
}

async function serve(
  { metricsPort: port }: MetricsOptions,
  text: MergedMetrics['text'],
): Promise<Awaited<ReturnType<typeof serveMetrics>> | undefined> {
  if (port === undefined) return undefined;
  try {
    return await serveMetrics({ host: '127.0.0.1', port }, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EvalpoolError('USAGE', `--metrics-port ${port}: ${why}`, { cause });
  }
}

// A worker that has just died tells nothing, and keeps nobody from telling the rest.
async function scrapeHere(database: Database): Promise<object[]> {
  const scraped = await Promise.allSettled(
    (await readHealthHere(database)).map(async (url) => {
      const answer = await fetch(`${url}/metrics.json`, { signal: AbortSignal.timeout(LONGEST_SCRAPE_MS) });
      return z.array(z.looseObject({})).parse(await answer.json());
    }),
  );
  return scraped.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

// Whole or not at all: the collector may read at any time.
async function writeText(metrics: MergedMetrics, path: string): Promise<void> {
  const { body } = await metrics.text();
  await writeFile(`${path}.new`, body);
  await rename(`${path}.new`, path);
}

async function tried(tell: (line: string) => void, option: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) =>
    tell(`${option}: ${error instanceof Error ? error.message : String(error)}; the batch is not affected`),
  );
}
