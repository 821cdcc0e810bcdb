import { createServer } from 'node:http';
import type { Attempt } from '../../src/evaluation/evaluate.ts';
import { COLLECT_CASES } from './stages/collect-cases.ts';
import { listen } from '../fixtures/listen.ts';
import { startTestServer } from '../sandbox-server/start-test-server.ts';
import { mortal, order, patchOf, providerAt, standIn, type Make, type Scene } from './outcome-scene.ts';

const CREATED = { templateID: 't', sandboxID: 'i1', clientID: 'c', envdVersion: '0.6.13' };
// bash itself would try again for a quarter of a minute.
const FORKS = `perl -e 'for (1..400) { my $p = fork // die "fork: $!\\n"; next if $p; close STDOUT; close STDERR; sleep 60 }'`;
// `mortal` destroys the sandbox when it reads this.
const DIE = 'echo die now; sleep 60';

const refusal = (scene: Scene, code: number, message: string): Promise<Partial<Attempt>> =>
  standIn(scene, code, { code, message });

/** Every row of docs/outcomes.md, by `<stage>: <cause>`. */
export const CASES: Readonly<Record<string, Make>> = {
  'before: a network the provider does not offer': () => [{ network: { test: 'full' } }],
  'before: a secret that is not set': () => [{ secrets: ['NOT_SET'] }],
  'before: `expect` without a report to find its tests in': () => [{ expect: { failToPass: ['a'] } }],
  'before: a submitted file outside `repoDir`': () => [{ files: { '../x': '' } }],
  'before: a submission that is empty': () => [{ patch: ' \n' }],
  'create: the provider has no such template': () => [{ template: 'none' }],
  "create: a life above the tier's limit": async (scene) => [
    {},
    await refusal(scene, 400, 'Timeout cannot be greater than 1 hours'),
  ],
  'create: the account is at its concurrency limit': async ({ closing }) => {
    const full = await startTestServer({ maxSandboxes: 1 });
    closing.push(() => full.close());
    const change = providerAt(full.server.url, full.sdk.apiKey);
    await change.create?.('none', new AbortController().signal);
    return [{}, change];
  },
  'create: creations come too fast for the account': async (scene) => [
    {},
    await refusal(scene, 429, 'Rate limit exceeded'),
  ],
  'create: the key is refused': async ({ closing }) => {
    const other = await startTestServer();
    closing.push(() => other.close());
    return [{}, providerAt(other.server.url, 'another-key')];
  },
  'create: the provider cannot be reached': () => [{}, providerAt('http://127.0.0.1:1')],
  'create: the provider has no room': async (scene) => [{}, await refusal(scene, 503, 'not enough capacity')],
  'create: deadline': () => [{ timeouts: { create: 0.001 } }],
  'fetch: an address that may not be fetched': () => [{ repo: 'ext::sh -c true' }],
  'fetch: the repo cannot be fetched': () => [{ repo: '/nowhere' }],
  'fetch: the ref is not in the repo': ({ repo }) => [{ repo, ref: 'none' }],
  'fetch: deadline': async ({ closing }) => {
    const silent = createServer(() => undefined);
    closing.push(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const address = `${await listen(silent)}/a.git`;
    return [{ repo: address, fetch: 'evaluator', timeouts: { fetch: 0.5 } }];
  },
  'setup: exit status not 0': () => [{ setup: 'false\ntrue' }],
  'setup: network failure': () => [{ setup: 'exec 3<>/dev/tcp/192.0.2.1/80' }],
  'setup: killed, as when memory runs out (137)': () => [{ setup: 'kill -KILL $$' }],
  'setup: deadline': () => [{ setup: 'sleep 60', timeouts: { setup: 0.2 } }],
  'setup: the sandbox dies': (scene) => [{ setup: DIE }, mortal(scene)],
  'patch: the submission does not apply, plainly or 3-way': ({ repo }) => [
    { repo, patch: patchOf('a.txt', 'two', 'x') },
  ],
  'patch: the submission writes through a link out of the repo': ({ repo }) => [
    { repo, setup: 'ln -s /tmp out', files: { 'out/x': '' } },
  ],
  'patch: a submitted file below another one': () => [{ files: { a: '', 'a/b': '' } }],
  'patch: `repoDir` cannot be written': () => [{ repoDir: '/usr/share/x', files: { a: '' } }],
  'patch: the test patch does not apply to the ref': ({ repo }) => [
    { repo, testPatch: patchOf('a.txt', 'two', 'x') },
  ],
  'patch: deadline': ({ repo }) => [
    { repo, patch: patchOf('a.txt', 'one', 'x'), timeouts: { patch: 0.001 } },
  ],
  'build: exit status not 0': () => [{ build: 'exit 3' }],
  'build: command not found (127) or not executable (126)': () => [{ build: 'no-such-command' }],
  'build: killed, as when memory runs out (137)': () => [{ build: "bash -c 'kill -KILL $$'; true" }],
  "build: the sandbox's disk is full": () => [{ build: 'head -c 2G /dev/zero > big' }],
  "build: the sandbox's process limit": () => [{ build: FORKS }],
  'build: deadline': () => [{ build: 'sleep 60', timeouts: { build: 0.2 } }],
  'build: the sandbox dies': (scene) => [{ build: DIE }, mortal(scene)],
  'test: exit status 0, no report asked for': () => [{ test: 'true' }],
  'test: exit status not 0, no report asked for': () => [{ test: 'false | true' }],
  'test: command not found (127) or not executable (126)': () => [{ test: '/etc/passwd' }],
  'test: killed, as when memory runs out (137)': () => [{ test: 'exit 137' }],
  'test: the test script itself is killed': () => [{ test: 'kill -KILL $$' }],
  "test: the sandbox's disk is full": () => [{ test: 'head -c 2G /dev/zero > big' }],
  'test: the build put something else in place of the repo': ({ repo }) => [
    { repo, files: { b: '' }, build: 'cp -r . ../other; rm -rf ../repo; ln -s other ../repo' },
  ],
  'test: deadline': () => [{ test: 'sleep 60', timeouts: { test: 0.2 } }],
  'test: deadline, and the process ignores SIGTERM': () => [
    { test: "trap '' TERM INT HUP; while :; do sleep 1; done", timeouts: { test: 0.2 } },
  ],
  'test: the script ends, a background process keeps its output open': () => [
    { test: 'sleep 60 &\nexit 0', timeouts: { test: 0.5 } },
  ],
  'test: the sandbox dies': (scene) => [{ test: DIE }, mortal(scene)],
  'test: the sandbox reaches its end of life': ({ bench }) => [
    { test: 'sleep 60' },
    { create: (network) => bench.sandboxes.create({ ...order, lifeMs: 1000, network }) },
  ],
  'test: the stream of a command is cut, its end unknown': async (scene) => [
    {},
    await standIn(scene, 201, CREATED, { event: { start: { pid: 7 } } }),
  ],
  ...COLLECT_CASES,
  'destroy: deadline': () => [
    { timeouts: { destroy: 0.1 } },
    { destroy: () => new Promise(() => undefined) },
  ],
};
