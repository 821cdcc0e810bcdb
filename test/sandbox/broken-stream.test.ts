import { EventEmitter, once } from 'node:events';
import { Sandbox as Sdk } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { testProvider } from '../fixtures/provider.ts';
import type { CommandExit, Sandbox } from '../../src/sandbox/sandbox.ts';
import { startCutProxy, type CutProxy } from '../../bench/chaos/cut-proxy.ts';
import { playFaults } from '../sandbox-server/ask-admin.ts';
import { startTestServer, type TestServer } from '../sandbox-server/start-test-server.ts';

let server: TestServer;
let proxy: CutProxy;
/** The same sandbox: through the line that breaks, and past it. */
let sandbox: Sandbox;
let direct: Sdk;

beforeAll(async () => {
  server = await startTestServer();
  proxy = await startCutProxy(server.server.url);
  const order = { template: undefined, metadata: {}, lifeMs: 120_000, network: undefined };
  sandbox = await openSandboxes(testProvider({ ...server.sdk, sandboxUrl: proxy.url })).create(order);
  direct = await Sdk.connect(sandbox.id, server.sdk);
});
afterAll(async () => {
  await proxy.close();
  await server.close();
});

interface Waiting {
  exit: Promise<CommandExit>;
  said: () => string;
  /** Resolves once that text was printed and heard. */
  heard: (text: string) => Promise<void>;
  go: string;
}

/** Starts a command that says `ready` and waits for its file; then the line is cut, and the file is made. */
async function cutWhileWaiting(then: (go: string) => string, deadlineMs = 30_000): Promise<Waiting> {
  let said = '';
  const output = new EventEmitter();
  const go = `/tmp/go-${Math.random()}`;
  const exit = sandbox.run({
    command: `echo ready; until [ -e ${go} ]; do sleep 0.01; done; ${then(go)}`,
    deadlineMs,
    onOutput: (chunk) => {
      said += chunk;
      output.emit('said');
    },
  });
  exit.catch(() => undefined);
  const heard = async (text: string): Promise<void> => {
    while (!said.includes(text)) await once(output, 'said');
  };
  await heard('ready');
  await proxy.cut();
  await direct.commands.run(`touch ${go}`);
  return { exit, said: () => said, heard, go };
}

test('a command that runs on while its stream is broken is heard to its end', async () => {
  const running = await cutWhileWaiting(
    (go) => `until [ -e ${go}.again ]; do echo tick; sleep 0.05; done; echo later; exit 7`,
  );
  await proxy.mend();
  await running.heard('tick');
  await direct.commands.run(`touch ${running.go}.again`);
  expect(await running.exit).toEqual({ exitCode: 7, signal: null, heardAll: false });
  expect(running.said()).toContain('later');
});

test('a command that ends while its stream is broken still tells its exit', async () => {
  const { exit, said } = await cutWhileWaiting(() => 'echo unheard; exit 5');
  await proxy.mend();
  expect(await exit).toEqual({ exitCode: 5, signal: null, heardAll: false });
  expect(said()).not.toContain('unheard');
});

test.each([502, 503])('an edge that answers %i for a while costs a command nothing', async (status) => {
  const running = await cutWhileWaiting(
    (go) => `until [ -e ${go}.again ]; do echo tick; sleep 0.05; done; exit 7`,
  );
  const outage = { do: 'answer', on: 'reconnect', status, times: 3 };
  await playFaults(server, outage);
  await proxy.mend();
  await Promise.race([running.heard('tick'), running.exit]);
  await playFaults(server);
  await direct.commands.run(`touch ${running.go}.again`);
  expect(await running.exit).toEqual({ exitCode: 7, signal: null, heardAll: false });
});

test('an edge that refuses connections for a while costs a command nothing', async () => {
  const { exit, go } = await cutWhileWaiting(
    (file) => `until [ -e ${file}.again ]; do sleep 0.05; done; exit 4`,
  );
  await direct.commands.run(`sleep 1.5; touch ${go}.again`);
  await proxy.mend();
  expect(await exit).toEqual({ exitCode: 4, signal: null, heardAll: false });
});

test('a stream that stays broken while the sandbox lives is no loss of the sandbox', async () => {
  const { exit } = await cutWhileWaiting(() => 'exit 0', 2000);
  await expect(exit).rejects.toMatchObject({ code: 'STREAM_LOST' });
  await proxy.mend();
});
