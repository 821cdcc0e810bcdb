import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IS_ROOT } from '../walls/start-wall.ts';
import { ATTACKS } from './all-attacks.ts';
import { layTargets, type HostTargets } from './host-targets.ts';

let host: HostTargets;
beforeAll(async () => {
  host = await layTargets();
});
afterAll(() => host.close());

// What finds nothing even where no wall is would prove nothing of a wall.
for (const { name, onHost } of ATTACKS) {
  if (!onHost) continue;
  test.skipIf(onHost.as === 'root' && !IS_ROOT)(`Without a wall a candidate can ${name}`, async () => {
    expect(await printed(onHost.script(host))).not.toBe('');
  });
}

/** What a script prints, however it ends. */
function printed(script: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: host.folder }, (_error, stdout) => resolve(stdout));
  });
}
