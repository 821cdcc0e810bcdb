import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { listen } from '../../test/fixtures/listen.ts';

/** One series of an answer; values as they came, `NaN` and infinities included. */
export interface Answered {
  labels: Record<string, string>;
  values: number[];
}

/** Debian's Prometheus, scraping once a second. */
export interface Prometheus {
  /** The course of a query between two times, Unix seconds. Rejects with what Prometheus says of a query that is none. */
  ask(expr: string, from: number, to: number): Promise<Answered[]>;
  /** The value of a query without labels at a time; null: none. */
  value(expr: string, at: number): Promise<number | null>;
  /** Exemplars of a selector, by their labels. */
  exemplars(selector: string, from: number, to: number): Promise<Array<Record<string, string>>>;
  close(): Promise<void>;
}

const Labels = z.record(z.string(), z.string());
const Point = z.tuple([z.number(), z.string()]);
const Range = z.object({
  data: z.object({ result: z.array(z.object({ metric: Labels, values: z.array(Point) })) }),
});
const Instant = z.object({ data: z.object({ result: z.array(z.object({ value: Point })) }) });
const Exemplars = z.object({
  data: z.array(z.object({ exemplars: z.array(z.object({ labels: Labels })) })),
});

const STEP_S = 2;

/** Starts it in a folder, with jobs by name → addresses to scrape, and a file of rules. */
export async function startPrometheus(
  folder: string,
  jobs: Readonly<Record<string, readonly string[]>>,
  rules: string,
): Promise<Prometheus> {
  const config = join(folder, 'prometheus.json'); // JSON is YAML
  writeFileSync(config, JSON.stringify(configOf(jobs, rules)));
  const address = await freeAddress();
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    `--web.listen-address=${address}`,
    '--enable-feature=exemplar-storage',
  ];
  const child = spawn('prometheus', flags, { stdio: 'ignore' });
  const exit = once(child, 'exit');
  await untilReady(address);
  return {
    ...openApi(address),
    close: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

function openApi(address: string): Omit<Prometheus, 'close'> {
  const api = async (path: string, query: Record<string, string>): Promise<unknown> => {
    const answer = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const body: unknown = await answer.json();
    if (!answer.ok) throw new Error(`${query['query']}: ${JSON.stringify(body)}`);
    return body;
  };
  return {
    ask: async (query, from, to) => {
      const times = { start: String(from), end: String(to), step: String(STEP_S) };
      const { data } = Range.parse(await api('query_range', { query, ...times }));
      return data.result.map(({ metric, values }) => ({
        labels: metric,
        values: values.map(([, value]) => Number(value)),
      }));
    },
    value: async (query, at) => {
      const { data } = Instant.parse(await api('query', { query, time: String(at) }));
      const value = data.result[0]?.value[1];
      return value === undefined ? null : Number(value);
    },
    exemplars: async (query, from, to) => {
      const found = await api('query_exemplars', { query, start: String(from), end: String(to) });
      return Exemplars.parse(found).data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
    },
  };
}

function configOf(jobs: Readonly<Record<string, readonly string[]>>, rules: string): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: Object.entries(jobs).map(([name, targets]) => ({
      job_name: name,
      static_configs: [{ targets }],
    })),
  };
}

async function untilReady(address: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  const { host } = new URL(await listen(server));
  server.close();
  return host;
}
