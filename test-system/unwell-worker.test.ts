import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pidOf, startRun } from '../test/local/start-run.ts';

test('a worker that lives but does not answer is started again', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-unwell-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  const home = join(folder, 'home');
  const { run } = await startRun(home);
  const old = pidOf(home, 'workers/evaluator.js');
  process.kill(old, 'SIGSTOP');
  await expect
    .poll(() => pidOf(home, 'workers/evaluator.js'), { timeout: 100_000 })
    .not.toBeOneOf([old, Number.NaN]);
  const exit = once(run, 'exit');
  run.stdin?.end();
  await exit;
});
