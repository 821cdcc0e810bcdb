import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { addKey, revokeKey } from '../../src/database/api-keys.ts';
import { readAudit } from '../../src/database/audit.ts';
import type { Scope } from '../../src/api-key.ts';
import { startSimulatedServer, type TestServer } from '../sandbox-server/start-test-server.ts';
import { startDeployment, type Deployment } from './start-deployment.ts';

let server: TestServer;
let deployment: Deployment;
let url: string;

const BY = { tenant: 'default', actor: 'test' };

async function keyOf(tenant: string, ...scopes: Scope[]): Promise<string> {
  const wanted = { tenant, label: '', scopes, expiresAt: null };
  return (await addKey(deployment.database, BY, wanted)).secret;
}

interface Answer {
  status: number;
  /** Parsed where it is JSON. */
  body: unknown;
  text: string;
}

/** Sends a request with a key. */
async function ask(key: string, method: string, path: string, body?: object | string): Promise<Answer> {
  const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
    body: typeof body === 'object' ? JSON.stringify(body) : (body ?? null),
  });
  const text = await reply.text();
  const isJson = /^application\/(problem\+)?json/.test(reply.headers.get('content-type') ?? '');
  return { status: reply.status, body: isJson ? JSON.parse(text) : undefined, text };
}

const Result = z.looseObject({ cursor: z.string(), id: z.string(), outcome: z.string() });
const resultsIn = ({ text }: Answer): Array<z.output<typeof Result>> =>
  text
    .trim()
    .split('\n')
    .map((line) => Result.parse(JSON.parse(line)));

const specs = (count: number, script = 'sim 0.01 exit 0'): string =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify({ id: `s${n}`, test: script })}\n`).join('');

beforeAll(async () => {
  server = await startSimulatedServer({ maxSandboxes: 20, createsPerS: null }, 'the-key');
  const at = server.server.url;
  deployment = await startDeployment({
    mine: { tier: 'local', maxSandboxes: 4, keyFrom: 'KEY', apiUrl: at, sandboxUrl: at },
  });
  await deployment.start('dispatcher', 'dispatcher');
  await deployment.start('evaluator', 'evaluator', { EVALPOOL_PROVIDER: 'mine', KEY: 'the-key' });
  await deployment.start('api', 'api', { EVALPOOL_PROVIDER: 'mine', EVALPOOL_API_PORT: '0' });
  url = /"url":"([^"]+)"[^\n]*"msg":"listening"/.exec(deployment.logs())![1]!;
});
afterAll(async () => {
  await deployment.close();
  await server.close();
});

test('where others could reach it, it does not start before there is a key', async () => {
  const env = { EVALPOOL_PROVIDER: 'mine', EVALPOOL_API_PORT: '0', EVALPOOL_API_HOST: '0.0.0.0' };
  await expect(deployment.start('api', 'open-api', env)).rejects.toThrow(/evalpool keys create/);
});

test('a batch sent as lines is evaluated, and its results come as they end', async () => {
  const key = await keyOf('red', 'submit', 'read');
  const sent = await ask(key, 'POST', '/v1/batches/night/specs', `${specs(20)}{"id": "bad", "tset": "x"}\n`);
  expect(sent).toMatchObject({
    status: 200,
    body: {
      accepted: 20,
      known: 0,
      invalid: 1,
      problems: [{ line: 'line:21', errors: [{ field: 'test' }, { field: 'tset' }] }],
    },
  });
  const results = resultsIn(await ask(key, 'GET', '/v1/batches/night/results?follow=true'));
  expect(results.map(({ id, outcome }) => `${id} ${outcome}`).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, n) => `s${n} passed`).toSorted(),
  );
  const after = results[11]?.cursor;
  expect(resultsIn(await ask(key, 'GET', `/v1/batches/night/results?cursor=${after}`))).toEqual(
    results.slice(12),
  );
  expect(await ask(key, 'GET', '/v1/batches/night')).toMatchObject({
    body: { state: 'finished', total: 20, unreadable: 1, outcomes: { passed: 20 } },
  });
});

test('sent again, nothing is added', async () => {
  const key = await keyOf('red', 'submit', 'read');
  await ask(key, 'POST', '/v1/batches/again/specs?seal=false', specs(30));
  expect(await ask(key, 'POST', '/v1/batches/again/specs', specs(40))).toMatchObject({
    body: { accepted: 10, known: 30, batch: { total: 40, state: 'sealed' } },
  });
});

test('without a key, with a revoked one, or without the scope nothing is told', async () => {
  const reader = await keyOf('red', 'read');
  expect(await ask('', 'GET', '/v1/batches')).toMatchObject({
    status: 401,
    body: { code: 'UNAUTHENTICATED' },
  });
  expect(await ask(reader, 'POST', '/v1/batches', { name: 'x' })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
  expect(await ask(reader, 'GET', '/v1/keys')).toMatchObject({ status: 403 });
  const { secret, key } = await addKey(deployment.database, BY, {
    tenant: 'red',
    label: '',
    scopes: ['read'],
    expiresAt: null,
  });
  expect((await ask(secret, 'GET', '/v1/batches')).status).toBe(200);
  await revokeKey(deployment.database, BY, { id: key.id, tenant: null });
  expect((await ask(secret, 'GET', '/v1/batches')).status).toBe(401);
});

test("a tenant's batch is not there for another, who may have one of the same name", async () => {
  const [red, blue] = [await keyOf('red', 'submit', 'read'), await keyOf('blue', 'submit', 'read')];
  await ask(red, 'POST', '/v1/batches', { name: 'shared', maxCostUsd: 3 });
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/results'],
    ['POST', '/cancel'],
    ['POST', '/pause'],
    ['PATCH', ''],
  ] as const)
    expect(
      await ask(blue, method, `/v1/batches/shared${path}`, method === 'PATCH' ? {} : undefined),
    ).toMatchObject({ status: 404 });
  await ask(blue, 'POST', '/v1/batches/shared/specs', specs(3));
  expect(await ask(red, 'GET', '/v1/batches/shared')).toMatchObject({
    body: { total: 0, maxCostUsd: 3, state: 'open' },
  });
  expect(await ask(blue, 'GET', '/v1/batches')).toMatchObject({
    body: { batches: [{ name: 'shared', total: 3 }] },
  });
});

test('a batch is steered, and every change is written down', async () => {
  const key = await keyOf('green', 'submit', 'read');
  await ask(key, 'POST', '/v1/batches/slow/specs', specs(50, 'sim 600'));
  expect(await ask(key, 'POST', '/v1/batches/slow/pause')).toMatchObject({ body: { paused: true } });
  expect(await ask(key, 'POST', '/v1/batches/slow/resume')).toMatchObject({ body: { paused: false } });
  expect(
    await ask(key, 'PATCH', '/v1/batches/slow', { weight: 2, deadline: '2030-01-01T00:00:00Z' }),
  ).toMatchObject({
    body: { weight: 2, deadline: '2030-01-01T00:00:00.000Z' },
  });
  expect(await ask(key, 'POST', '/v1/batches/slow/cancel')).toMatchObject({ body: { cancelled: true } });
  expect(await ask(key, 'POST', '/v1/batches/slow/cancel')).toMatchObject({
    status: 409,
    body: { code: 'CONFLICT' },
  });
  const told = await readAudit(deployment.database, { tenant: 'green', most: 10 });
  expect(told.map(({ action, target }) => `${action} ${target}`)).toEqual(
    ['cancel', 'change', 'resume', 'pause', 'submit'].map((verb) => `batch.${verb} slow`),
  );
});

test('a request that is not as expected says what is, field by field', async () => {
  const key = await keyOf('red', 'submit', 'read');
  expect(await ask(key, 'POST', '/v1/batches', { name: 'a/b', wieght: 1 })).toMatchObject({
    status: 400,
    body: { code: 'USAGE', errors: expect.arrayContaining([expect.objectContaining({ field: 'name' })]) },
  });
  expect(await ask(key, 'POST', '/v1/batches/x/specs', { id: 'a' })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('x-ndjson') },
  });
  expect(await ask(key, 'GET', '/v2')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

test('the API describes itself to everybody', async () => {
  const paths = ['/v1/batches', '/v1/batches/{batch}/specs', '/v1/keys'].map((path) => [
    path,
    expect.anything(),
  ]);
  expect(await ask('', 'GET', '/openapi.json')).toMatchObject({
    body: { openapi: '3.1.0', paths: Object.fromEntries(paths) },
  });
  expect((await ask('', 'GET', '/docs')).text).toContain('swagger');
});
