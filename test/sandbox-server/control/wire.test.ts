import { AuthenticationError, Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { askApi, type ApiAnswer } from './ask-api.ts';

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create({ ...host.sdk, metadata: { of: 'the file' } });
});
afterAll(() => host.close());

test('create answers 201 with all that the SDK reads, on both paths', async () => {
  for (const path of ['/sandboxes', '/v2/sandboxes']) {
    const created = await ask('POST', path, {
      templateID: 'base',
      timeout: 60,
      allow_internet_access: false,
    });
    expect([created.status, created.json]).toEqual([
      201,
      {
        sandboxID: expect.stringMatching(/^i[a-z0-9]{20}$/),
        templateID: 'base',
        clientID: expect.any(String),
        envdVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        envdAccessToken: expect.any(String),
        domain: null,
      },
    ]);
    const { sandboxID }: { sandboxID: string } = Object(created.json);
    expect((await ask('DELETE', `/sandboxes/${sandboxID}`)).status).toBe(204);
  }
});

test('a description has every field that E2B’s has', async () => {
  const listed = {
    sandboxID: sandbox.sandboxId,
    templateID: 'base',
    alias: 'base',
    clientID: expect.any(String),
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    endAt: expect.stringMatching(/^\d{4}-.*Z$/),
    state: 'running',
    cpuCount: expect.any(Number),
    memoryMB: expect.any(Number),
    diskSizeMB: expect.any(Number),
    envdVersion: expect.any(String),
    metadata: { of: 'the file' },
  };
  expect((await ask('GET', `/sandboxes/${sandbox.sandboxId}`)).json).toMatchObject({
    ...listed,
    envdAccessToken: expect.any(String),
    domain: null,
    lifecycle: { onTimeout: 'kill', autoResume: false },
    allowInternetAccess: false,
  });
  for (const path of ['/sandboxes', '/v2/sandboxes'])
    expect((await ask('GET', `${path}?metadata=of%3Dthe%20file`)).json).toMatchObject([listed]);
});

test('there is one team, which has the key', async () => {
  const [team] = [(await ask('GET', '/teams')).json].flat();
  expect(team).toEqual({
    teamID: expect.any(String),
    name: 'local',
    apiKey: host.sdk.apiKey,
    isDefault: true,
  });
});

test('every refusal carries its status as code, and E2B’s words', async () => {
  const id = sandbox.sandboxId;
  const absent = `Sandbox "inone" doesn't exist or you don't have access to it`;
  const refusals: Array<[string, string, object | undefined, number, string]> = [
    ['GET', '/sandboxes/inone', undefined, 404, absent],
    ['DELETE', '/sandboxes/inone', undefined, 404, absent],
    ['POST', '/sandboxes/inone/timeout', { timeout: 1 }, 404, absent],
    ['POST', '/sandboxes/inone/refreshes', {}, 404, absent],
    ['POST', '/v2/sandboxes/inone/connect', {}, 404, absent],
    ['POST', '/sandboxes/inone/resume', {}, 404, absent],
    ['PUT', '/sandboxes/inone/network', {}, 404, absent],
    ['POST', '/v2/sandboxes', { templateID: 'none' }, 404, "template 'none' not found"],
    ['POST', '/v2/sandboxes', {}, 400, 'templateID'],
    ['POST', '/v2/sandboxes', { templateID: 'base', timeout: 0 }, 400, 'Timeout must be greater than 0'],
    ['POST', '/v2/sandboxes', { templateID: 'base', timeout: -1 }, 400, 'Timeout must be greater than 0'],
    [
      'POST',
      '/v2/sandboxes',
      { templateID: 'base', timeout: 86_401 },
      400,
      'Timeout cannot be greater than 24 hours',
    ],
    [
      'POST',
      `/v2/sandboxes/${id}/connect`,
      { timeout: 86_401 },
      400,
      'Timeout cannot be greater than 24 hours',
    ],
    ['POST', `/sandboxes/${id}/timeout`, {}, 400, 'timeout'],
    ['POST', `/sandboxes/${id}/resume`, {}, 409, `Sandbox ${id} is already running`],
    ['GET', '/v2/sandboxes?state=dead', undefined, 400, 'state'],
    ['GET', '/v2/sandboxes?order=up', undefined, 400, 'order'],
    ['GET', '/v2/sandboxes?limit=0', undefined, 400, 'limit'],
    ['GET', '/v2/sandboxes?nextToken=x', undefined, 400, 'Invalid next token'],
    ['GET', '/v2/sandboxes?metadata=a%3D%2525zz', undefined, 400, 'Error parsing metadata'],
    ['GET', '/v2/sandboxes?template=base:1', undefined, 400, 'Invalid template: tags are not supported here'],
    ['GET', '/no/such/path', undefined, 404, 'no such endpoint: GET /no/such/path'],
  ];
  for (const [method, path, body, code, message] of refusals) {
    const { status, json } = await ask(method, path, body);
    expect([path, status, json]).toEqual([path, code, { code, message: expect.stringContaining(message) }]);
  }
});

test('without the server’s key nothing is answered but 401', async () => {
  for (const key of ['', 'wrong'])
    expect(await ask('GET', '/v2/sandboxes', undefined, { 'x-api-key': key })).toMatchObject({
      status: 401,
      json: { code: 401, message: expect.any(String) },
    });
  await expect(Sandbox.list({ ...host.sdk, apiKey: 'wrong' }).nextItems()).rejects.toThrow(
    AuthenticationError,
  );
});

test('a refresh lengthens a life by 15 s at least, and never shortens it', async () => {
  const short = await Sandbox.create({ ...host.sdk, timeoutMs: 5000 });
  const endAfter = async (body?: object): Promise<number> => {
    const refreshed = await ask('POST', `/sandboxes/${short.sandboxId}/refreshes`, body);
    expect(refreshed.status).toBe(204);
    return (await short.getInfo()).endAt.getTime();
  };
  const first = (await short.getInfo()).endAt.getTime();
  const second = await endAfter();
  expect(second - first).toBeGreaterThanOrEqual(10_000);
  const third = await endAfter({ duration: 600 });
  expect(third - second).toBeGreaterThanOrEqual(585_000);
  expect(await endAfter({ duration: 1 })).toBe(third);
  await short.kill();
});

test('a time-out of 0 ends a sandbox', async () => {
  const brief = await Sandbox.create(host.sdk);
  const running = await brief.commands.run('sleep 100', { background: true });
  const ended = running.wait();
  ended.catch(() => {});
  await brief.setTimeout(0);
  await expect(ended).rejects.toThrow('killed or reached its end of life');
  expect(await brief.isRunning()).toBe(false);
});

test.each([
  [{ volumeMounts: { '/mnt': 'data' } }, '501: this server has no volumes'],
  [{ mcp: { github: {} } }, '501: this server has no MCP gateway'],
  [{ iam: { tokens: { a: { audience: 'b', tokenType: 'jwt' } } } }, '501: this server has no iam tokens'],
])('a sandbox with %j is refused, and none is left behind', async (options, words) => {
  const before = (await ask('GET', '/sandboxes')).json;
  await expect(Sandbox.create({ ...host.sdk, ...Object(options) })).rejects.toThrow(words);
  expect((await ask('GET', '/sandboxes')).json).toEqual(before);
});

function ask(
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string>,
): Promise<ApiAnswer> {
  return askApi(host, `${method} ${path}`, body, headers);
}
