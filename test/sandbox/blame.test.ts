import { createServer, type Server } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import type { EvalpoolError } from '../../src/errors.ts';
import { createdNothing, isConcurrencyLimit } from '../../src/sandbox/blame.ts';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { testProvider } from '../fixtures/provider.ts';
import type { Sandboxes } from '../../src/sandbox/sandbox.ts';
import { listen } from '../fixtures/listen.ts';
import { envelope } from '../sandbox-server/start-test-server.ts';

// A provider that answers as E2B's cloud does where our own server never would; the SDK between is the real one.

let provider: Server | undefined;
afterEach(() => {
  provider?.closeAllConnections();
  provider?.close();
});

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** First message of a stream that then stays open. */
  stream?: unknown;
}

async function providerThat(
  answer: (path: string) => Answer | 'reset',
): Promise<{ sandboxes: Sandboxes; asked: string[] }> {
  const asked: string[] = [];
  provider = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const said = answer(request.url ?? '');
    if (said === 'reset') return void request.socket.destroy();
    if (said.stream !== undefined) {
      response.writeHead(200, { 'content-type': 'application/connect+json' });
      return void response.write(envelope(JSON.stringify(said.stream)));
    }
    const headers = { 'content-type': 'application/json', ...said.headers };
    return void response.writeHead(said.status, headers).end(JSON.stringify(said.body ?? {}));
  });
  return { sandboxes: at(await listen(provider)), asked };
}

function at(url: string): Sandboxes {
  return openSandboxes(testProvider({ apiUrl: url, sandboxUrl: url, apiKey: 'key' }));
}

const order = { template: undefined, metadata: {}, lifeMs: 60_000, network: undefined };
const failure = (code: number, message: string): Answer => ({ status: code, body: { code, message } });
const CREATED: Answer = {
  status: 201,
  body: { templateID: 't', sandboxID: 'i1', clientID: 'c', envdVersion: '0.6.13' },
};
/** A sandbox as the provider lists it. */
const listed = (id: string) => ({
  sandboxID: id,
  templateID: 't',
  clientID: 'c',
  startedAt: '2026-01-01T00:00:00Z',
  endAt: '2026-01-01T01:00:00Z',
  state: 'running',
  cpuCount: 1,
  memoryMB: 1,
  diskSizeMB: 1,
  envdVersion: '0.6.13',
  metadata: { a: 'b' },
});

const AT_LIMIT =
  "you have reached the maximum number of concurrent E2B sandboxes (20). If you need more, please visit 'x'";

test.each<[string, Answer | 'reset', string]>([
  ['at its concurrency limit', failure(429, AT_LIMIT), 'PROVIDER_BUSY'],
  [
    'asked too often',
    { ...failure(429, 'Rate limit exceeded'), headers: { 'retry-after': '1' } },
    'PROVIDER_BUSY',
  ],
  ['given a wrong key', failure(401, 'no such key'), 'PROVIDER_REFUSED'],
  ['with a blocked account', failure(403, 'blocked'), 'PROVIDER_REFUSED'],
  ['without the template', failure(404, "template 'x' not found"), 'TEMPLATE_NOT_FOUND'],
  ['asked for too long a life', failure(400, 'Timeout cannot be greater than 1 hours'), 'ABOVE_TIER'],
  ['without room', failure(503, 'Failed to place sandbox: not enough capacity'), 'CREATE_FAILED'],
  ['that is broken', failure(500, 'oops'), 'CREATE_FAILED'],
  ['that hangs up', 'reset', 'PROVIDER_UNREACHABLE'],
])('a create at a provider %s is sent once and blamed', async (_, answer, code) => {
  const { sandboxes, asked } = await providerThat(() => answer);
  await expect(sandboxes.create(order)).rejects.toMatchObject({ code });
  expect(asked).toEqual(['POST /v2/sandboxes']);
});

test('a provider that is not there is unreachable, and created nothing', async () => {
  const closed = createServer();
  const url = await listen(closed);
  await promisify(closed.close.bind(closed))();
  const error = await errorOf(at(url));
  expect(error.code).toBe('PROVIDER_UNREACHABLE');
  expect(createdNothing(error)).toBe(true);
});

test.each<[string, Answer | 'reset', boolean]>([
  ['has no room', failure(503, 'Failed to place sandbox: not enough capacity'), true],
  ['is at its limit', failure(429, AT_LIMIT), true],
  ['is broken', failure(500, 'oops'), false],
  ['hangs up', 'reset', false],
])(
  'whether a provider that %s may have created a sandbox all the same is known',
  async (_, answer, nothing) => {
    const { sandboxes } = await providerThat(() => answer);
    expect(createdNothing(await errorOf(sandboxes))).toBe(nothing);
  },
);

async function errorOf(sandboxes: Sandboxes): Promise<EvalpoolError> {
  return await sandboxes.create(order).then(
    () => expect.unreachable(),
    (error: EvalpoolError) => error,
  );
}

test('both kinds of 429 can be told apart', async () => {
  expect(isConcurrencyLimit(await busyWith(AT_LIMIT))).toBe(true);
  expect(isConcurrencyLimit(await busyWith('Rate limit exceeded'))).toBe(false);
});

async function busyWith(message: string): Promise<EvalpoolError> {
  const { sandboxes } = await providerThat(() => failure(429, message));
  return errorOf(sandboxes);
}

test.each<[string, Answer | 'reset', string]>([
  [
    'gone',
    { status: 502, body: { sandboxId: 'i1', message: 'The sandbox was not found', code: 502 } },
    'SANDBOX_LOST',
  ],
  ['unreachable', 'reset', 'SANDBOX_LOST'],
  ['out of order', { status: 500, body: {} }, 'SANDBOX_LOST'],
])('a command in a sandbox that is %s is lost with it, if the provider says so', async (_, answer, code) => {
  const { sandboxes } = await providerThat((path) => {
    if (path === '/sandboxes/i1') return failure(404, 'no such sandbox');
    return path === '/v2/sandboxes' ? CREATED : answer;
  });
  const sandbox = await sandboxes.create(order);
  const run = sandbox.run({ command: 'true', deadlineMs: 5000, onOutput: () => undefined });
  await expect(run).rejects.toMatchObject({ code });
  await expect(sandbox.writeFiles(new Map([['/a', Buffer.from('x')]]))).rejects.toMatchObject({ code });
  await expect(sandbox.readFile('/a', 100)).rejects.toMatchObject({ code });
});

test.each<[string, Answer | 'reset', string]>([
  ['lives all the same', { status: 200, body: { ...listed('i1'), state: 'running' } }, 'STREAM_LOST'],
  ['may live: it does not say', 'reset', 'PROVIDER_UNREACHABLE'],
  ['may live: it is out of order', { status: 500, body: {} }, 'PROVIDER_UNREACHABLE'],
])('a sandbox that cannot be used while by its provider it %s is not called lost', async (_, told, code) => {
  const { sandboxes } = await providerThat((path) => {
    if (path === '/v2/sandboxes') return CREATED;
    return path === '/sandboxes/i1' ? told : 'reset';
  });
  const sandbox = await sandboxes.create(order);
  const run = sandbox.run({ command: 'true', deadlineMs: 5000, onOutput: () => undefined });
  await expect(run).rejects.toMatchObject({ code });
  await expect(sandbox.readFile('/a', 100)).rejects.toMatchObject({ code });
});

test.each<[string, Answer | 'reset', string]>([
  ['does not answer', 'reset', 'SANDBOX_LOST'],
  ['is gone', { status: 502, body: {} }, 'SANDBOX_LOST'],
  ['no longer runs it', { status: 200, body: { processes: [] } }, 'STREAM_LOST'],
])('a deadline in a sandbox that %s is no time-out of the candidate', async (_, answer, code) => {
  const { sandboxes } = await providerThat((path) => {
    if (path === '/v2/sandboxes') return CREATED;
    if (path === '/sandboxes/i1') return failure(404, 'no such sandbox');
    if (path.endsWith('/Start')) return { status: 200, stream: { event: { start: { pid: 7 } } } };
    return answer;
  });
  const sandbox = await sandboxes.create(order);
  const run = sandbox.run({ command: 'true', deadlineMs: 100, onOutput: () => undefined });
  await expect(run).rejects.toMatchObject({ code });
});

test('a full disk is the candidate’s, a missing file is none', async () => {
  const { sandboxes } = await providerThat((path) => {
    if (path === '/v2/sandboxes') return CREATED;
    return path.includes('nothing') ? failure(404, "path 'x' does not exist") : failure(507, 'no space');
  });
  const sandbox = await sandboxes.create(order);
  await expect(sandbox.writeFiles(new Map([['/a', Buffer.from('x')]]))).rejects.toMatchObject({
    code: 'LIMITS',
  });
  expect(await sandbox.readFile('/nothing', 100)).toBeNull();
});

test.each<[string, Answer, boolean]>([
  ['gone now', { status: 204 }, true],
  ['never there', failure(404, 'no such sandbox'), true],
  ['still there for all one knows', failure(500, 'oops'), false],
])('a destroyed sandbox is %s', async (_, answer, done) => {
  const { sandboxes } = await providerThat(() => answer);
  const ended = await sandboxes.destroy('i1').then(
    () => true,
    () => false,
  );
  expect(ended).toBe(done);
});

test('a list goes through all pages', async () => {
  const { sandboxes, asked } = await providerThat((path) => {
    if (path.includes('nextToken=two')) return { status: 200, body: [listed('i2')] };
    return { status: 200, body: [listed('i1')], headers: { 'x-next-token': 'two' } };
  });
  expect((await sandboxes.list({ a: 'b' })).map((each) => each.id)).toEqual(['i1', 'i2']);
  expect(asked).toHaveLength(2);
});
