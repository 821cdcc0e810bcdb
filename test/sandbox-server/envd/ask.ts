import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Sandbox } from 'e2b';
import { dataPlaneHeaders, type TestServer } from '../start-test-server.ts';

/** An answer as it came, which fetch would unpack. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body, if it is JSON. */
  json: unknown;
}

/** What is sent beside the SDK's own headers to a sandbox. */
export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Sends one request to a sandbox's data plane, with nothing that it does not say. */
export async function ask(
  host: TestServer,
  sandbox: Sandbox,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  const all = { ...dataPlaneHeaders(sandbox), ...headers };
  const asked = request(host.server.url + path, { method, headers: all }).end(body);
  const [reply]: IncomingMessage[] = await once(asked, 'response');
  if (!reply) throw new Error('no answer');
  const bytes = await buffer(reply);
  const isJson = reply.headers['content-type']?.startsWith('application/json');
  const json: unknown = isJson ? JSON.parse(bytes.toString()) : undefined;
  return { status: reply.statusCode ?? 0, headers: reply.headers, body: bytes, json };
}
