import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';
import type { JsonValue } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataPlaneHeaders, envelope, startTestServer, type TestServer } from '../start-test-server.ts';
import { ConnectClient, type Writing } from './connect-client.ts';
import { Terminal } from './open-terminal.ts';

const METHOD = 'process.Process/StreamInput';
const WRITINGS: ReadonlyArray<[string, Writing]> = [
  ['JSON', { useBinaryFormat: false }],
  ['gzipped binary protobuf', { useBinaryFormat: true, gzip: true }],
];

let host: TestServer;
let sandbox: Sandbox;
let client: ConnectClient;
beforeAll(async () => {
  host = await startTestServer();
  sandbox = await Sandbox.create(host.sdk);
  client = new ConnectClient(host, sandbox, { useBinaryFormat: false });
});
afterAll(() => host.close());

test.each(WRITINGS)(
  'a process is fed by one request as long as its sender likes, in %s',
  async (_name, writing) => {
    const heard = new EventEmitter();
    let output = '';
    const onStdout = (text: string): void => {
      output += text;
      heard.emit('more');
    };
    const cat = await sandbox.commands.run('cat', { background: true, stdin: true, onStdout });
    const messages = async function* (): AsyncGenerator<JsonValue> {
      yield { start: { process: { pid: cat.pid } } };
      for (const word of ['one', 'two', 'ü'.repeat(50_000)]) {
        yield stdin(`${word}\n`);
        yield { keepalive: {} };
        while (!output.endsWith(`${word}\n`)) await once(heard, 'more');
      }
    };
    expect(await new ConnectClient(host, sandbox, writing).send(METHOD, messages())).toEqual({});
    await cat.closeStdin();
    expect((await cat.wait()).stdout).toBe(`one\ntwo\n${'ü'.repeat(50_000)}\n`);
  },
);

test('a terminal is fed the same way', async () => {
  const terminal = await new Terminal(sandbox).open();
  const pty = Buffer.from('echo str""eamed; exit 4\n').toString('base64');
  const sent = send({ start: { process: { pid: terminal.pid } } }, { data: { input: { pty } } });
  expect(await sent).toEqual({});
  expect(await terminal.end()).toMatchObject({ exitCode: 4 });
  expect(terminal.shown).toContain('streamed\r\n');
});

test('a stream of input that makes no sense is refused', async () => {
  const sleeper = await sandbox.commands.run('sleep 100', { background: true });
  await expect(send({ start: { process: { pid: 999_999 } } })).rejects.toMatchObject({ code: Code.NotFound });
  await expect(send(stdin('x'))).rejects.toMatchObject({ code: Code.InvalidArgument });
  const closed = send({ start: { process: { pid: sleeper.pid } } }, stdin('x'));
  await expect(closed).rejects.toThrow('stdin of the process is not open');
  await sleeper.kill();
});

test('bytes that are no envelopes are refused, also while the sender sends on', async () => {
  const start = envelope(JSON.stringify({ keepalive: {} }));
  expect(await sendRaw([start.slice(0, 7)])).toContain('ends inside');
  expect(await sendRaw([Uint8Array.from(start, (byte, at) => (at === 0 ? 2 : byte))])).toContain('flags 2');
  const giant = Uint8Array.from(start, (byte, at) => (at === 1 ? 0xff : byte));
  expect(await sendRaw([giant, ...Array.from({ length: 200 }, () => new Uint8Array(65_536))])).toContain(
    'too large',
  );
  expect(await sendRaw([start.slice(0, 3), start.slice(3), start])).toBe('{}{}');
});

test('the death of the sandbox cuts a stream of input', async () => {
  const doomed = await Sandbox.create(host.sdk);
  const dying = new EventEmitter();
  const onStdout = (): void => void dying.emit('die');
  const cat = await doomed.commands.run('cat', { background: true, stdin: true, onStdout });
  cat.wait().catch(() => {});
  const messages = async function* (): AsyncGenerator<JsonValue> {
    yield { start: { process: { pid: cat.pid } } };
    yield stdin('x');
    await once(dying, 'never');
  };
  const killed = once(dying, 'die').then(() => doomed.kill());
  const cut = new ConnectClient(host, doomed, { useBinaryFormat: false }).send(METHOD, messages());
  await expect(cut).rejects.toThrow(/aborted|reset|terminated/);
  await killed;
});

function send(...messages: JsonValue[]): Promise<JsonValue> {
  return client.send(METHOD, stream(messages));
}

function stdin(text: string): JsonValue {
  return { data: { input: { stdin: Buffer.from(text).toString('base64') } } };
}

async function* stream(messages: JsonValue[]): AsyncGenerator<JsonValue> {
  yield* messages;
}

/** The messages of the answer, joined. */
async function sendRaw(parts: Uint8Array[]): Promise<string> {
  const headers = { 'content-type': 'application/connect+json', ...dataPlaneHeaders(sandbox) };
  const call = request(`${host.server.url}/${METHOD}`, { method: 'POST', headers });
  const answered = once(call, 'response');
  for (const part of parts) call.write(part);
  call.end();
  const [reply] = await answered;
  let bytes = Buffer.alloc(0);
  for await (const chunk of reply) bytes = Buffer.concat([bytes, chunk]);
  let text = '';
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1))
    text += bytes.toString('utf8', at + 5, at + 5 + bytes.readUInt32BE(at + 1));
  return text;
}
