import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveHealth, type HealthServer } from '../../src/api/serve-health.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';

const wrong: { alive?: string; ready?: string } = {};
let server: HealthServer;
beforeAll(async () => {
  const problems = { alive: () => wrong.alive, ready: () => wrong.ready };
  server = await serveHealth({ host: '127.0.0.1', port: 0 }, makeMetrics(['p']), problems);
});
afterAll(() => server.close());

test('a well process says so, and one that is not says why, for each question apart', async () => {
  expect(await ask('/healthz')).toEqual([200, { ok: true }]);
  wrong.ready = 'Redis does not answer';
  expect(await ask('/readyz')).toEqual([503, { ok: false, problem: 'Redis does not answer' }]);
  expect(await ask('/healthz')).toEqual([200, { ok: true }]);
  wrong.alive = 'declared dead';
  expect(await ask('/healthz')).toEqual([503, { ok: false, problem: 'declared dead' }]);
});

test('metrics come in the format that is accepted', async () => {
  const type = async (accept: string): Promise<string | null> =>
    (await fetch(`${server.url}/metrics`, { headers: { accept } })).headers.get('content-type');
  expect(await type('application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1')).toContain('openmetrics');
  expect(await type('*/*')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const json: unknown = await (await fetch(`${server.url}/metrics.json`)).json();
  expect(json).toContainEqual(expect.objectContaining({ name: 'evalpool_attempts_total', type: 'counter' }));
});

async function ask(path: string): Promise<[number, unknown]> {
  const answer = await fetch(`${server.url}${path}`);
  return [answer.status, await answer.json()];
}
