import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startDocker, type Docker } from './start-docker.ts';
import { makeStack, type ComposeStack } from './start-stack.ts';

const ROOT = join(import.meta.dirname, '..');
const MINUTES = 60_000;
const ATTACKS = 'test/sandbox-server/attacks/as-found.test.ts';
const WRITABLE = '/var/lib/evalpool/sandboxes';
const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

let docker: Docker;
let stack: ComposeStack;
beforeAll(async () => {
  docker = await startDocker();
  stack = await makeStack(docker);
}, 30 * MINUTES);
afterAll(async () => {
  await stack.remove();
  await docker.close();
}, 5 * MINUTES);

// The container is the host that they attack, with the rights that docker-compose.yml gives it.
test('no attack on the walls gets through in the container', { timeout: 20 * MINUTES }, async () => {
  const where = ['--workdir', '/repo', '--volume', `${ROOT}:/repo:ro`, '-e', `TMPDIR=${WRITABLE}`];
  const vitest = ['node', 'node_modules/vitest/vitest.mjs', 'run', '--dir', 'test', '--configLoader=runner'];
  const argv = ['run', '--rm', '-T', ...where, 'sandbox-server', ...vitest, '--reporter=json', ATTACKS];
  const lines = (await stack.compose(...argv)).split('\n');
  const report = Report.parse(JSON.parse(lines.find((line) => line.startsWith('{"numTotal')) ?? '{}'));
  expect(report).toMatchObject({ numFailedTests: 0 });
  expect(report.numPassedTests).toBeGreaterThan(130);
});
