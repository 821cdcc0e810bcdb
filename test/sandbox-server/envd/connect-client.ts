import { fromJson, toJson, type DescMethod, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { compressionGzip, createConnectTransport } from '@connectrpc/connect-node';
import type { Sandbox } from 'e2b';
import { dataPlaneHeaders, type TestServer } from '../start-test-server.ts';
import { e2bMethod } from './e2b-services.ts';

/** How a client of Connect's own library writes to the server. */
export interface Writing {
  useBinaryFormat: boolean;
  gzip?: boolean;
}

/** A client of envd that is not the SDK: Connect's library with E2B's descriptors, JSON values in and out. */
export class ConnectClient {
  readonly #transport: Transport;
  readonly #headers: Record<string, string>;

  constructor(host: TestServer, sandbox: Sandbox, { useBinaryFormat, gzip = false }: Writing) {
    this.#headers = dataPlaneHeaders(sandbox);
    this.#transport = createConnectTransport({
      baseUrl: host.server.url,
      httpVersion: '1.1',
      useBinaryFormat,
      ...(gzip ? { sendCompression: compressionGzip, compressMinBytes: 0 } : {}),
    });
  }

  /** The reply of a method `<service>/<name>`, or its ConnectError. */
  async call(path: string, request: JsonValue): Promise<JsonValue> {
    const method = e2bMethod(path);
    if (!isUnary(method)) throw new Error(`${path} is a stream`);
    const message = fromJson(method.input, request);
    const reply = await this.#transport.unary(method, undefined, undefined, this.#headers, message);
    return toJson(method.output, reply.message);
  }

  /** The events of a method that answers by a stream. */
  async *stream(path: string, request: JsonValue, timeoutMs?: number): AsyncGenerator<JsonValue> {
    const method = e2bMethod(path);
    if (!isStream(method)) throw new Error(`${path} is no stream`);
    const messages = async function* () {
      yield fromJson(method.input, request);
    };
    const reply = await this.#transport.stream(method, undefined, timeoutMs, this.#headers, messages());
    for await (const event of reply.message) yield toJson(method.output, event);
  }

  /** The one reply to a stream of messages. */
  async send(path: string, requests: AsyncIterable<JsonValue>): Promise<JsonValue> {
    const method = e2bMethod(path);
    if (!isFed(method)) throw new Error(`${path} takes no stream`);
    const messages = async function* () {
      for await (const request of requests) yield fromJson(method.input, request);
    };
    const reply = await this.#transport.stream(method, undefined, undefined, this.#headers, messages());
    const answers = reply.message[Symbol.asyncIterator]();
    const { value, done } = await answers.next();
    if (done) throw new Error('no reply');
    await answers.next(); // the end, which may be an error
    return toJson(method.output, value);
  }
}

/** The next event of a stream. */
export async function next(events: AsyncGenerator<JsonValue>): Promise<JsonValue> {
  const { value, done } = await events.next();
  if (done) throw new Error('the stream is over');
  return value;
}

/** The pid that a process's stream opens with. */
export async function started(events: AsyncGenerator<JsonValue>): Promise<number> {
  return Number(part(await next(events), 'event', 'start')['pid']);
}

/** What is left of a process's events: its output, and how it ended. */
export async function rest(
  events: AsyncGenerator<JsonValue>,
): Promise<{ stdout: string; stderr: string; pty: string; end: object }> {
  const output = { stdout: '', stderr: '', pty: '' };
  let end = {};
  for await (const event of events) {
    const { data, end: ended } = part(event, 'event');
    for (const kind of ['stdout', 'stderr', 'pty'] as const)
      if (isObject(data) && typeof data[kind] === 'string')
        output[kind] += Buffer.from(data[kind], 'base64').toString();
    if (isObject(ended)) end = ended;
  }
  return { ...output, end };
}

function part(value: JsonValue, ...path: string[]): JsonObject {
  const found = path.reduce<JsonValue | undefined>((at, key) => (isObject(at) ? at[key] : undefined), value);
  if (!isObject(found)) throw new Error(`no ${path.join('.')} in ${JSON.stringify(value)}`);
  return found;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUnary(method: DescMethod): method is DescMethod & { methodKind: 'unary' } {
  return method.methodKind === 'unary';
}

function isStream(method: DescMethod): method is DescMethod & { methodKind: 'server_streaming' } {
  return method.methodKind === 'server_streaming';
}

function isFed(method: DescMethod): method is DescMethod & { methodKind: 'client_streaming' } {
  return method.methodKind === 'client_streaming';
}
