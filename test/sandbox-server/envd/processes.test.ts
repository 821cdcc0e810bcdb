import type { JsonValue } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';
import { ConnectClient, next, rest, started } from './connect-client.ts';

// What the methods of process.Process promise beyond what the SDK asks of them.

let host: TestServer;
let sandbox: Sandbox;
let client: ConnectClient;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
  client = new ConnectClient(host, sandbox, { useBinaryFormat: false });
});
afterAll(() => host.close());

test('a child that holds the output delays the end, but not after a signal', async () => {
  const script = 'sleep 1000 & echo $!';
  const quiet = run(script);
  await started(quiet);
  const child = stdoutOf(await next(quiet));
  await sandbox.commands.run(`kill ${child}`);
  expect(await rest(quiet)).toMatchObject({ end: { status: 'exit status 0' } });
  const held = run('trap "exit 6" TERM; sleep 1000 & echo up; wait');
  const pid = await started(held);
  await next(held);
  await client.call('process.Process/SendSignal', { process: { pid }, signal: 'SIGNAL_SIGTERM' });
  expect(await rest(held)).toMatchObject({ end: { status: 'exit status 6' } });
});

test('a time-out kills the command itself and none of its children', async () => {
  const late = run('(echo $BASHPID > /tmp/child; exec sleep 1000) & wait', { timeoutMs: 500 });
  await started(late);
  await expect(rest(late)).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  const { stdout } = await sandbox.commands.run(
    'until [ -s /tmp/child ]; do sleep 0.05; done; kill $(cat /tmp/child) && echo lived',
  );
  expect(stdout).toBe('lived\n');
});

test('who joins hears what comes from then on, and nothing of before', async () => {
  const first = run('echo before; read line; echo after', { stdin: true });
  const pid = await started(first);
  expect(stdoutOf(await next(first))).toBe('before\n');
  const second = client.stream('process.Process/Connect', { process: { pid } });
  expect(await started(second)).toBe(pid);
  await client.call('process.Process/SendInput', { process: { pid }, input: { stdin: 'Cg==' } });
  expect(await rest(second)).toMatchObject({ stdout: 'after\n', end: { exited: true } });
});

test('a join ends at its own time-out, and the process lives on', async () => {
  const pid = await started(run('exec sleep 1000'));
  const joined = client.stream('process.Process/Connect', { process: { pid } }, 300);
  await started(joined);
  await expect(rest(joined)).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  expect(await sandbox.commands.kill(pid)).toBe(true);
});

test('a quiet stream gives signs of life as often as was asked for', async () => {
  const json = JSON.stringify({ process: { cmd: '/bin/bash', args: ['-c', 'read line'] } });
  const reply = await fetch(`${host.server.url}/process.Process/Start`, {
    method: 'POST',
    headers: {
      'content-type': 'application/connect+json',
      'keepalive-ping-interval': '1',
      ...dataPlaneHeaders(sandbox),
    },
    body: envelope(json),
  });
  let text = '';
  for await (const part of reply.body ?? []) {
    text += Buffer.from(part).toString();
    if (text.includes('keepalive')) break;
  }
  expect(text).toMatch(/\{"event":\{"start":\{"pid":\d+\}\}\}[^]*\{"event":\{"keepalive":\{\}\}\}/);
  const [, pid] = /"pid":(\d+)/.exec(text) ?? [];
  expect(await sandbox.commands.kill(Number(pid))).toBe(true);
});

test('a tag finds the process that runs, else the last that ended', async () => {
  const select = { process: { tag: 'job' } };
  expect(await rest(run('exit 1', { tag: 'job' }))).toMatchObject({ end: { exitCode: 1 } });
  const running = run('echo up; read line; exit 2', { tag: 'job', stdin: true });
  const pid = await started(running);
  expect(await rest(run('exit 3', { tag: 'job' }))).toMatchObject({ end: { exitCode: 3 } });
  expect(await client.call('process.Process/List', {})).toMatchObject({ processes: [{ pid, tag: 'job' }] });
  await client.call('process.Process/SendInput', { ...select, input: { stdin: 'Cg==' } });
  expect(await rest(running)).toMatchObject({ end: { exitCode: 2 } });
  const ended = client.stream('process.Process/Connect', select);
  await started(ended);
  expect(await rest(ended)).toMatchObject({ end: { exitCode: 3 } });
});

test('nothing but Connect finds a process that has ended', async () => {
  const events = run('exit 0');
  const process = { pid: await started(events) };
  await rest(events);
  const [input, signal] = [{ stdin: '' }, 'SIGNAL_SIGKILL'];
  const calls = [
    client.call('process.Process/SendInput', { process, input }),
    client.call('process.Process/SendSignal', { process, signal }),
    client.call('process.Process/CloseStdin', { process }),
    client.call('process.Process/Update', { process }),
  ];
  const answers = await Promise.allSettled(calls);
  expect(answers).toMatchObject(calls.map(() => ({ status: 'rejected', reason: { code: Code.NotFound } })));
});

test('a signal that E2B has not is unimplemented; no stdin is closed as well as any', async () => {
  const pid = await started(run('exec sleep 1000', { stdin: false }));
  const process = { pid };
  await expect(client.call('process.Process/SendSignal', { process })).rejects.toMatchObject({
    code: Code.Unimplemented,
  });
  expect(await client.call('process.Process/CloseStdin', { process })).toEqual({});
  expect(await client.call('process.Process/Update', { process })).toEqual({});
  await sandbox.commands.kill(pid);
});

function run(
  script: string,
  { timeoutMs, ...more }: { timeoutMs?: number; tag?: string; stdin?: boolean } = {},
): AsyncGenerator<JsonValue> {
  const process = { cmd: '/bin/bash', args: ['-c', script] };
  return client.stream('process.Process/Start', { process, stdin: false, ...more }, timeoutMs);
}

function stdoutOf(event: JsonValue): string {
  const [, base64 = ''] = /"stdout":"([^"]*)"/.exec(JSON.stringify(event)) ?? [];
  return Buffer.from(base64, 'base64').toString();
}
