import type { JsonValue } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildMessages } from '../../../src/sandbox-server/envd/messages/build-messages.ts';
import { filesystemMessages } from '../../../src/sandbox-server/envd/messages/filesystem-messages.ts';
import { processMessages } from '../../../src/sandbox-server/envd/messages/process-messages.ts';
import { startTestServer, type TestServer } from '../start-test-server.ts';
import { ConnectClient, next, rest, started, type Writing } from './connect-client.ts';
import { e2bService, wireShape } from './e2b-services.ts';

const WRITINGS: ReadonlyArray<[string, Writing]> = [
  ['JSON', { useBinaryFormat: false }],
  ['binary protobuf', { useBinaryFormat: true }],
  ['gzipped binary protobuf', { useBinaryFormat: true, gzip: true }],
  ['gzipped JSON', { useBinaryFormat: false, gzip: true }],
];

let host: TestServer;
let sandbox: Sandbox;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
});
afterAll(() => host.close());

test.each([
  ['process.Process', processMessages],
  ['filesystem.Filesystem', filesystemMessages],
] as const)('our messages of %s are E2B’s, field by field', (name, table) => {
  const ours = buildMessages(table);
  for (const { name: method, input, output } of e2bService(name).methods)
    expect({
      method,
      of: [`${method}Request`, `${method}Response`]
        .map((one) => ours.get(one))
        .map((message) => message && wireShape(message)),
    }).toEqual({ method, of: [wireShape(input), wireShape(output)] });
});

test.each(WRITINGS)('a process is started, found, fed, joined and ended in %s', async (_name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const script = 'read line; echo "got $line $TINT"; echo bad >&2; exit 3';
  const config = { cmd: '/bin/bash', args: ['-c', script], envs: { TINT: 'ü' }, cwd: '/tmp' };
  const events = client.stream('process.Process/Start', { process: config, tag: 'fed', stdin: true });
  const pid = await started(events);
  expect(await client.call('process.Process/List', {})).toEqual({
    processes: expect.arrayContaining([{ config, pid, tag: 'fed' }]),
  });
  const joined = client.stream('process.Process/Connect', { process: { tag: 'fed' } });
  expect(await next(joined)).toEqual({ event: { start: { pid } } });
  const stdin = Buffer.from('line\n').toString('base64');
  expect(await client.call('process.Process/SendInput', { process: { pid }, input: { stdin } })).toEqual({});
  const end = { exitCode: 3, exited: true, status: 'exit status 3', error: 'exit status 3' };
  for (const stream of [events, joined])
    expect(await rest(stream)).toEqual({ stdout: 'got line ü\n', stderr: 'bad\n', pty: '', end });
});

test.each(WRITINGS)('input is closed and signals are sent in %s', async (_name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const cat = client.stream('process.Process/Start', { process: { cmd: '/bin/cat' } });
  const pid = await started(cat);
  expect(await client.call('process.Process/CloseStdin', { process: { pid } })).toEqual({});
  expect(await rest(cat)).toMatchObject({ end: { exited: true } });
  const sleep = client.stream('process.Process/Start', { process: { cmd: 'sleep', args: ['100'] } });
  const process = { pid: await started(sleep) };
  await client.call('process.Process/SendSignal', { process, signal: 'SIGNAL_SIGTERM' });
  expect(await rest(sleep)).toMatchObject({ end: { exitCode: -1, status: 'signal: terminated' } });
});

test.each(WRITINGS)('a terminal is opened, sized and typed into in %s', async (_name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const config = { cmd: '/bin/bash', args: ['-c', 'read line; stty size; echo "got $line"'] };
  const pty = { size: { cols: 80, rows: 24 } };
  const shell = client.stream('process.Process/Start', { process: config, pty });
  const process = { pid: await started(shell) };
  await client.call('process.Process/Update', { process, pty: { size: { cols: 101, rows: 37 } } });
  const typed = Buffer.from('line\n').toString('base64');
  await client.call('process.Process/SendInput', { process, input: { pty: typed } });
  const { pty: shown, stdout, end } = await rest(shell);
  expect([shown, stdout]).toEqual([expect.stringContaining('37 101\r\ngot line\r\n'), '']);
  expect(end).toMatchObject({ exited: true });
});

test.each(WRITINGS)('folders are made, shown, listed, moved and removed in %s', async (name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const path = `/home/user/${name}/ünï`;
  const made = await client.call('filesystem.Filesystem/MakeDir', { path });
  const entry = { name: 'ünï', type: 'FILE_TYPE_DIRECTORY', path, mode: 0o755, owner: 'user' };
  expect(made).toMatchObject({ entry });
  expect(await client.call('filesystem.Filesystem/Stat', { path })).toEqual(made);
  await sandbox.files.write(`${path}/file`, 'x'.repeat(70_000));
  const listed = await client.call('filesystem.Filesystem/ListDir', { path: `/home/user/${name}`, depth: 2 });
  expect(listed).toMatchObject({
    entries: [entry, { type: 'FILE_TYPE_FILE', path: `${path}/file`, size: '70000' }],
  });
  const destination = `${path}-moved`;
  const moved = await client.call('filesystem.Filesystem/Move', { source: path, destination });
  expect(moved).toMatchObject({ entry: { path: destination } });
  expect(await client.call('filesystem.Filesystem/Remove', { path: destination })).toEqual({});
  const gone = client.call('filesystem.Filesystem/Stat', { path: destination });
  expect(await errorOf(gone)).toMatchObject({
    code: Code.NotFound,
    rawMessage: `path '${destination}' does not exist`,
  });
});

test.each(WRITINGS)('changes in a folder are told, with what is there now, in %s', async (name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const path = `/home/user/watched ${name}`;
  await sandbox.files.makeDir(path);
  const events = client.stream('filesystem.Filesystem/WatchDir', { path, includeEntry: true });
  expect(await next(events)).toEqual({ start: {} });
  await sandbox.files.write(`${path}/file`, 'text');
  const entry = { name: 'file', path: `${path}/file`, type: 'FILE_TYPE_FILE' };
  const filesystem = { name: 'file', type: 'EVENT_TYPE_CREATE', entry };
  expect(await next(events)).toMatchObject({ filesystem });
  await events.return(null);
});

test.each(WRITINGS)('what is refused says why in %s', async (_name, writing) => {
  const client = new ConnectClient(host, sandbox, writing);
  const call = (method: string, request: JsonValue): Promise<ConnectError> =>
    errorOf(client.call(method, request));
  expect(await call('filesystem.Filesystem/MakeDir', { path: '/tmp' })).toMatchObject({
    code: Code.AlreadyExists,
  });
  expect(await call('process.Process/SendSignal', { process: { pid: 99_999 } })).toMatchObject({
    code: Code.NotFound,
  });
  const stream = (request: JsonValue, timeoutMs?: number): Promise<ConnectError> =>
    errorOf(rest(client.stream('process.Process/Start', request, timeoutMs)));
  expect(await stream({ process: { cmd: 'true', cwd: '/no' } })).toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: "cwd '/no' does not exist",
  });
  expect(await stream({ process: { cmd: 'sleep', args: ['100'] } }, 300)).toMatchObject({
    code: Code.DeadlineExceeded,
  });
});

test('5 MB go in and come out whole in binary protobuf', async () => {
  const client = new ConnectClient(host, sandbox, { useBinaryFormat: true });
  const events = client.stream('process.Process/Start', { process: { cmd: '/bin/cat' } });
  const process = { pid: await started(events) };
  const text = '0123456789'.repeat(500_000);
  const input = { stdin: Buffer.from(text).toString('base64') };
  const echoed = rest(events);
  await client.call('process.Process/SendInput', { process, input });
  await client.call('process.Process/CloseStdin', { process });
  expect((await echoed).stdout === text).toBe(true);
});

async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw new Error('expected a ConnectError', { cause: error });
  return error;
}
