import type { TestServer } from '../start-test-server.ts';

/** What the control plane answered. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Undefined: no body. */
  json: unknown;
}

/** Sends one request to the control plane, as `METHOD /path`, with the server's key. */
export async function askApi(
  host: TestServer,
  request: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const [method = '', path = ''] = request.split(' ', 2);
  const type = body ? { 'content-type': 'application/json' } : {};
  const reply = await fetch(host.server.url + path, {
    method,
    headers: { 'x-api-key': host.sdk.apiKey, ...type, ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await reply.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: reply.status, headers: reply.headers, json };
}
