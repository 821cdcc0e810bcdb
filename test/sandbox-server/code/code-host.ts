import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { Sandbox } from '@e2b/code-interpreter';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import { dataPlaneHeaders, startTestServer, type TestServer } from '../start-test-server.ts';

/** A real server and one sandbox of it, for all tests of a file. */
export interface CodeHost extends Pick<TestServer, 'server' | 'sdk'> {
  readonly sandbox: Sandbox;
}

/** Starts the host before the tests of a file and closes it after them. */
export function useCodeHost(): CodeHost {
  let host: TestServer;
  let sandbox: Sandbox;
  beforeAll(async () => {
    host = await startTestServer();
    sandbox = await Sandbox.create({ ...host.sdk, envs: { FROM: 'sandbox', BOTH: 'sandbox' } });
  });
  afterAll(() => host.close());
  return {
    get server() {
      return host.server;
    },
    get sdk() {
      return host.sdk;
    },
    get sandbox() {
      return sandbox;
    },
  };
}

/** Skips a test where sandboxes, which show the host's /usr, have no Python. */
export function needPython(context: TestContext): void {
  context.skip(!existsSync('/usr/bin/python3'), 'this machine has no /usr/bin/python3');
}

/** A promise and what fulfils it. */
export function signal(): [Promise<void>, () => void] {
  const sent = new EventEmitter();
  return [once(sent, 'now').then(() => undefined), () => sent.emit('now')];
}

/** Runs code until it writes "up", then leaves as the SDK does at a time-out. */
export async function leaveOnceUp(host: CodeHost, body: object): Promise<void> {
  const leaving = new AbortController();
  const reply = await execute(host, body, leaving.signal);
  let text = '';
  for await (const bytes of reply.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes('up')) break;
  }
  leaving.abort();
}

/** The bare request of an execution, under the headers that the SDK sends. */
export function execute(host: CodeHost, body: object, abort?: AbortSignal): Promise<Response> {
  return fetch(`${host.server.url}/execute`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...dataPlaneHeaders(host.sandbox),
      'e2b-sandbox-port': '49999',
    },
    body: JSON.stringify(body),
    ...(abort ? { signal: abort } : {}),
  });
}
