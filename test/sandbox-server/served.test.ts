import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, startTestServer, type TestServer } from './start-test-server.ts';

const ROWS = readRows();

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test('the table tells of every request', () => {
  expect(ROWS.length).toBeGreaterThan(10);
  expect(ROWS.filter(({ requests }) => requests.length === 0)).toEqual([]);
});

test.each(ROWS)('$part: $here, as the table says', async ({ requests, here }) => {
  for (const request of requests) {
    const { status, text } = await ask(request);
    const [, code, sentence] = /^(\d{3})(?:: (.*))?/.exec(here) ?? [];
    expect([request, isRefused(status, text)]).toEqual([request, code === undefined ? null : Number(code)]);
    if (sentence === undefined) continue;
    const { code: told, message }: { code: number; message: string } = JSON.parse(text);
    expect([request, told, message]).toEqual([request, Number(code), sentence]);
  }
});

interface Row {
  part: string;
  requests: string[];
  here: string;
}

/** The rows of the table in the manual that tells what is served. */
function readRows(): Row[] {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/sandbox-server.md'), 'utf8');
  const section = manual.split('## What of E2B is served\n')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const [part = '', requests = '', here = ''] = row
      .split(' | ')
      .map((cell) => cell.replace(/^\| | \|$/g, '').trim());
    return {
      part,
      requests: [...requests.matchAll(/`([^`]+)`/g)].flatMap(([, one = '']) => expand(one)),
      here,
    };
  });
}

/** `{a,b} c` is both `a c` and `b c`. */
function expand(text: string): string[] {
  const [all, choices] = /\{([^{}"]+,[^{}"]+)\}/.exec(text) ?? [];
  if (all === undefined || choices === undefined) return [text];
  return choices.split(',').flatMap((choice) => expand(text.replace(all, choice)));
}

/** Sends `METHOD PATH [BODY]`; a path like `:3000/x` goes to that port of a sandbox, `{id}` is one that nothing has. */
async function ask(request: string): Promise<{ status: number; text: string }> {
  const [, method = '', port, path = '', body] = /^(\S+) (?::(\d+))?(\S+) ?(.*)$/.exec(request) ?? [];
  const headers = {
    'x-api-key': host.sdk.apiKey,
    ...(body ? { 'content-type': 'application/json' } : {}),
    ...(isOfSandbox(path) || port ? dataPlaneHeaders(sandbox) : {}),
    ...(port ? { 'e2b-sandbox-port': port } : {}),
  };
  const url = host.server.url + path.replaceAll('{id}', 'inone');
  const reply = await fetch(url, { method, headers, ...(body ? { body } : {}) });
  return { status: reply.status, text: await reply.text() };
}

function isOfSandbox(path: string): boolean {
  return /^\/(process\.|filesystem\.|files|envs|metrics|init|freeze|fsthaw)/.test(path);
}

/** The status of an answer that says that there is no such thing here; null: there is. */
function isRefused(status: number, text: string): number | null {
  if (status === 404) return text.includes('no such endpoint') ? 404 : null;
  return status >= 500 ? status : null;
}
