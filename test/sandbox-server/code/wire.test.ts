import { request } from 'node:http';
import { expect, test } from 'vitest';
import { dataPlaneHeaders } from '../start-test-server.ts';
import { execute, useCodeHost } from './code-host.ts';

const host = useCodeHost();
const bash = { language: 'bash' };

test('an execution is lines of JSON in ASCII, and ends with end_of_execution', async () => {
  const reply = await execute(host, { code: 'echo ä; exit_status() { return 4; }; exit_status', ...bash });
  expect(reply.status).toBe(200);
  const text = await reply.text();
  expect(text).not.toMatch(/[^\n -~]/);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([
    { type: 'number_of_executions', execution_count: 1 },
    { type: 'stdout', text: 'ä\n', timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
    { type: 'error', name: 'ExitStatus', value: '4', traceback: '' },
    { type: 'end_of_execution' },
  ]);
});

test('the answer begins at once, and silence is filled with keepalives', async () => {
  const leaving = new AbortController();
  const reply = await execute(host, { code: 'sleep 1000', ...bash }, leaving.signal);
  let text = '';
  for await (const bytes of reply.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes('keepalive')) break;
  }
  expect(text).toContain('{"type":"keepalive"}\n');
  leaving.abort();
});

test('port 49999 answers for its health, and only with a sandbox', async () => {
  const headers = { 'e2b-sandbox-id': host.sandbox.sandboxId, 'e2b-sandbox-port': '49999' };
  const health = await fetch(`${host.server.url}/health`, { headers });
  expect([health.status, await health.text()]).toEqual([200, 'OK']);
  const dead = await fetch(`${host.server.url}/health`, {
    headers: { ...headers, 'e2b-sandbox-id': 'inone' },
  });
  expect(dead.status).toBe(502);
  const envd = await post('/execute', { code: '1' }, { 'e2b-sandbox-port': '49983' });
  expect(envd.status).toBe(502);
});

test('a sandbox is also found by the name of its host', async () => {
  const { 'x-access-token': token } = dataPlaneHeaders(host.sandbox);
  const status = await new Promise((resolve, reject) => {
    const headers = { host: `49999-${host.sandbox.sandboxId}.example.org`, 'x-access-token': token };
    const asked = request(`${host.server.url}/contexts`, { headers }, ({ statusCode }) =>
      resolve(statusCode),
    );
    asked.once('error', reject).end();
  });
  expect(status).toBe(200);
});

test('code runs with the sandbox’s token only', async () => {
  for (const token of ['', 'wrong']) {
    expect((await post('/execute', { code: 'true', ...bash }, { 'x-access-token': token })).status).toBe(401);
    expect((await post('/contexts', bash, { 'x-access-token': token })).status).toBe(401);
  }
});

test.each([
  [
    { code: 'true', language: 'bash', context_id: 'default' },
    400,
    'Only one of context_id or language can be provided',
  ],
  [{ code: 'true', language: 'java' }, 400, "language 'java' is not served here"],
  [{ code: 'true', context_id: 'none' }, 404, 'Context none not found'],
  [{ code: 7 }, 400, 'code'],
  [{ code: 'true', env_vars: { 'A=B': 'c' } }, 400, 'env_vars'],
  [{ code: 'x'.repeat(5_000_000) }, 413, 'too large'],
])(
  'a request that cannot be served is refused in text, and in the reason phrase that the SDK shows',
  async (body, status, words) => {
    const reply = await execute(host, body);
    expect(reply.status).toBe(status);
    expect(await reply.text()).toContain(words);
    expect(reply.statusText).toContain(words);
  },
);

test('no more than a hundred executions wait in one context', async () => {
  const context = await host.sandbox.createCodeContext(bash);
  const body = { code: 'sleep 1000', context_id: context.id };
  const replies = await Promise.all(Array.from({ length: 102 }, () => execute(host, body)));
  expect(replies.filter(({ status }) => status === 429)).toHaveLength(1);
  await host.sandbox.removeCodeContext(context);
  const ends = await Promise.all(replies.filter(({ ok }) => ok).map((reply) => reply.text()));
  expect(ends.filter((text) => text.includes('ContextRemoved'))).toHaveLength(101);
});

function post(path: string, body: object, headers: Record<string, string>): Promise<Response> {
  const type = { 'content-type': 'application/json' };
  const all = { ...type, ...dataPlaneHeaders(host.sandbox), 'e2b-sandbox-port': '49999', ...headers };
  return fetch(host.server.url + path, { method: 'POST', headers: all, body: JSON.stringify(body) });
}
