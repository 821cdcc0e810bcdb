import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeFolder } from '../../../../src/sandbox-server/own-folder.ts';
import { importTemplate } from '../../../../src/sandbox-server/templates/import-template.ts';
import { Templates } from '../../../../src/sandbox-server/templates/templates.ts';
import { openBench, type Bench } from '../../../evaluation/try-spec.ts';
import { askApi } from '../../../sandbox-server/control/ask-api.ts';
import { startTestServer, type TestServer } from '../../../sandbox-server/start-test-server.ts';
import { makeTinyRoot } from '../../../sandbox-server/tiny-root.ts';
import { write } from '../../items.ts';
import { readFormat, type ReadFixture } from '../read-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'evalpool-harbor-'));
let server: TestServer;
let bench: Bench;
beforeAll(async () => {
  const root = join(folder, 'root');
  for (const name of ['app', 'root']) mkdirSync(join(root, name), { recursive: true });
  makeTinyRoot(root);
  server = await startTestServer();
  bench = await openBench(async () => server);
  await importTemplate(server.home, new Templates(server.home), { name: 'tiny', from: root });
});
afterAll(async () => {
  await bench.close();
  removeFolder(folder);
});

const read = (given: object): Promise<ReadFixture> =>
  readFormat('harbor', { input: 'tasks', templates: 'templates.json', ...given });

test('a task becomes a spec whose verdict is its reward', async () => {
  const { specs } = await read({ gold: true });
  expect(specs[0]).toMatchObject({
    id: 'example/answer',
    template: 'tiny',
    repoDir: '/app',
    user: 'root',
    reward: {},
    env: { MODE: 'strict', KEY: 'k' },
    network: { test: 'none' },
    timeouts: { test: 420 },
    labels: { dataset: 'harbor', model: 'gold' },
  });
  expect(specs[1]).toMatchObject({ id: 'wrong', timeouts: { test: 1200 } });
});

test('run for real, a right solution has its reward, and a wrong one that saw no tests has not', async ({
  skip,
}) => {
  const { json } = await askApi(server, 'GET /health?verbose');
  if (JSON.stringify(json).includes('templates read-only')) skip('overlays cannot be mounted here');
  const { specs } = await read({ gold: true });
  const [right, wrong] = [await bench.attempt(specs[0] ?? {}), await bench.attempt(specs[1] ?? {})];
  expect(right).toMatchObject({ code: '', exitCode: 0 });
  expect(wrong).toMatchObject({ code: 'TESTS_FAILED', exitCode: 0 });
  expect(await wrong.log('test')).toContain('solve.sh ended with exit status 1');
  expect(await wrong.log('test')).toContain('/tests/expected.sh: No such file');
});

test('patches are submissions, and an empty one is one though the author’s files come with it', async () => {
  const { specs } = await read({ predictions: 'predictions.jsonl' });
  expect(Object.keys(specs[0]?.files ?? {}).toSorted()).toEqual([
    '.evalpool-harbor/tests/expected.sh',
    '.evalpool-harbor/tests/test.sh',
  ]);
  expect((await bench.attempt(specs[1] ?? {})).code).toBe('EMPTY_PATCH');
});

test('one task may be given alone; what cannot be run is told with its field', async () => {
  const task = join(folder, 'odd');
  write(
    join(task, 'task.toml'),
    '[verifier]\nenvironment_mode = "separate"\nenv = { A = "${HOME}" }\n[solution.env]\nB = "${HOME}"\n',
  );
  write(join(task, 'environment/docker-compose.yaml'), 'services: {}\n');
  write(join(folder, 'table.json'), '[{"instance": "odd"}]');
  const { bad } = await read({ input: task, templates: join(folder, 'table.json'), gold: true });
  expect(bad).toEqual([
    'task.toml:1: environment: docker-compose.yaml: there is one sandbox, not several; ' +
      'verifier.environment_mode: separate is not supported: tests run where the submission is; ' +
      'tests: there is no tests/test.sh; env.A: needs HOME: give it as `env` in the table of templates; ' +
      'env.B: needs HOME: give it as `env` in the table of templates',
  ]);
});

test.each([
  ['is no TOML', '[verifier\n', /task\.toml: is not TOML: /],
  [
    'has a field of another form',
    '[verifier]\ntimeout_sec = "long"\n',
    /task\.toml\.verifier\.timeout_sec: expected a number/,
  ],
])('a task.toml that %s is an error', async (_, toml, why) => {
  const task = join(folder, 'broken');
  write(join(task, 'task.toml'), toml);
  await expect(read({ input: task, gold: true })).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringMatching(why),
  });
});
