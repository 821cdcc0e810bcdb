import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeLog } from '../../../src/log.ts';
import { Cgroups } from '../../../src/sandbox-server/walls/cgroups.ts';

test('Servers that start at once leave each other’s control groups alone', async ({ skip }) => {
  const mine = new Cgroups(makeLog('test', 'silent'));
  const isInForce = mine.by('memory') !== null;
  await mine.close();
  if (!isInForce) skip('no control group may be made here');
  const argv = ['--import', 'tsx', join(import.meta.dirname, 'start-groups.ts')];
  const start = (): Promise<{ stderr: string }> => promisify(execFile)(process.execPath, argv);
  const ended = await Promise.all([start(), start(), start()]);
  expect(ended.map(({ stderr }) => stderr)).toEqual(['', '', '']);
});
