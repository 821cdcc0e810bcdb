import { createServer } from 'node:http';
import type { Attempt } from '../../src/evaluation/evaluate.ts';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { testProvider } from '../fixtures/provider.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { SpecInput } from '../../src/spec.ts';
import { listen } from '../fixtures/listen.ts';
import { envelope } from '../sandbox-server/start-test-server.ts';
import type { Bench } from './try-spec.ts';

/** Where causes are made to happen. What must be closed afterwards goes to `closing`. */
export interface Scene {
  bench: Bench;
  /** A repo with one commit: a.txt with the line `one`. */
  repo: string;
  closing: Array<() => unknown>;
}

/** A cause made to happen: what is evaluated, and what is changed about the attempt. */
export type Case = [spec: Partial<SpecInput>, change?: Partial<Attempt>];
/** Makes the cause of one row happen. */
export type Make = (scene: Scene) => Case | Promise<Case>;

/** What every sandbox of these tests is created as. */
export const order = { template: undefined, metadata: {}, lifeMs: 60_000 };
/** A test script that writes this report and then does that. */
export const junit = (content: string, then = ''): Partial<SpecInput> => ({
  report: { format: 'junit', path: 'report.xml' },
  test: `cat > report.xml <<'END'\n${content}\nEND\n${then}`,
});
/** A JUnit report of these test cases. */
export const suite = (...cases: string[]): string => `<testsuite>${cases.join('')}</testsuite>`;
/** A test case that passed. */
export const pass = (name: string): string => `<testcase name="${name}"/>`;
/** One that failed. */
export const fail = (name: string): string => `<testcase name="${name}"><failure/></testcase>`;
/** One that was skipped. */
export const skip = (name: string): string => `<testcase name="${name}"><skipped/></testcase>`;
/** One that failed, as pytest was told it would. */
export const xfail = (name: string): string =>
  `<testcase name="${name}"><skipped type="pytest.xfail"/></testcase>`;
/** A patch of the one line that a file holds. */
export const patchOf = (path: string, from: string, to: string): string =>
  `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;

/** The sandbox is destroyed behind the evaluation's back when it prints so. */
export function mortal(
  { bench }: Scene,
  change: (sandbox: Sandbox) => Partial<Sandbox> = () => ({}),
): Partial<Attempt> {
  return {
    async create(network) {
      const sandbox = await bench.sandboxes.create({ ...order, network });
      const run: Sandbox['run'] = (options) =>
        sandbox.run({
          ...options,
          onOutput(chunk, stream) {
            options.onOutput(chunk, stream);
            if (chunk.includes('die now')) void bench.sandboxes.destroy(sandbox.id);
          },
        });
      return { ...sandbox, run, ...change(sandbox) };
    },
  };
}

/** Creates at a stand-in provider, for what our own server never does. */
export async function standIn(
  { closing }: Scene,
  status: number,
  body: unknown,
  stream?: unknown,
): Promise<Partial<Attempt>> {
  const provider = createServer((request, response) => {
    if (request.method === 'DELETE') return void response.writeHead(204).end();
    if (stream === undefined) return void response.writeHead(status).end(JSON.stringify(body));
    if (request.url === '/v2/sandboxes') return void response.writeHead(201).end(JSON.stringify(body));
    if (request.url === '/health') return void response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'application/connect+json' });
    return void response.write(envelope(JSON.stringify(stream)), () => request.socket.destroy());
  });
  closing.push(() => provider.close());
  return providerAt(await listen(provider));
}

/** Creates at the provider behind a URL. */
export function providerAt(url: string, apiKey = 'key'): Partial<Attempt> {
  const sandboxes = openSandboxes(testProvider({ apiUrl: url, sandboxUrl: url, apiKey }));
  return {
    create: (network) => sandboxes.create({ ...order, network }),
    destroy: (sandbox) => sandboxes.destroy(sandbox.id),
  };
}
