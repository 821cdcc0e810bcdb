import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { makeNursery } from '../../src/local/nursery.ts';
import type { Child } from '../../src/local/start-child.ts';
import { watchHealth } from '../../src/local/watch-health.ts';
import { makeLog } from '../../src/log.ts';
import { listen } from '../fixtures/listen.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('a worker that never answers is ended, whatever the garbage collector takes meanwhile', async () => {
  const silent = createServer(() => {});
  const health = await listen(silent);
  const collecting = setInterval(collectGarbage, 20);
  const nursery = makeNursery('/nowhere', null);
  onTestFinished(() => {
    clearInterval(collecting);
    nursery.ending.abort();
    silent.closeAllConnections();
    silent.close();
  });
  const asked = new Promise<void>((resolve) => {
    const child: Child = {
      name: 'silent',
      pid: -1,
      logFile: '',
      firstLine: Promise.resolve({}),
      ended: new Promise(() => {}),
      end: async () => resolve(),
    };
    const pace = { lookEveryMs: 20, longestAnswerMs: 200 };
    void watchHealth(new Map([['silent', { child, health }]]), nursery, makeLog('test', 'silent'), pace);
  });
  await expect(asked).resolves.toBeUndefined();
});
