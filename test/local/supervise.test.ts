import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endChildren, makeNursery, type Nursery } from '../../src/local/nursery.ts';
import { startChild, type Child } from '../../src/local/start-child.ts';
import { supervise } from '../../src/local/supervise.ts';
import { firstLineOf, untilReady } from '../../src/local/until-ready.ts';
import { makeLog } from '../../src/log.ts';

const log = makeLog('test', 'silent');
let folder: string;
let nursery: Nursery;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-supervised-'));
  nursery = makeNursery(folder, null);
});
afterEach(async () => {
  await endChildren(nursery);
  rmSync(folder, { recursive: true });
});

function child(script: string): Child {
  const env = { PATH: process.env['PATH'] ?? '' };
  const argv = ['/bin/sh', '-c', script];
  return startChild(nursery, {
    name: 'program',
    argv,
    env,
    endSignal: 'TERM',
    lingerS: 0,
    graceS: 1,
    rank: 0,
  });
}

/** Starts these one after another, as each ends or does not come up; resolves with what came of it. */
async function superviseAll(scripts: readonly string[]): Promise<string> {
  let starts = 0;
  return new Promise<string>((resolve) => {
    const start = async (): Promise<Child> => {
      const script = scripts[starts++] ?? 'exit 7';
      const started = child(script);
      await firstLineOf(started);
      if (script.includes('sleep')) resolve(`up after ${starts} starts`);
      return started;
    };
    void supervise({ nursery, log, onGiveUp: (error) => resolve(`${starts} starts: ${error.code}`) }, start);
  });
}

test('a program that fails to come up once is started once more', async () => {
  expect(await superviseAll(['echo {}', 'exit 1', 'echo {}; sleep 60'])).toBe('up after 3 starts');
});

test('one that fails to come up three times in a row is given up', async () => {
  expect(await superviseAll(['echo {}', 'exit 1', 'exit 1', 'exit 1'])).toBe('4 starts: STACK_FAILED');
});

test('one that ends before it answers is noticed at once, whatever it had printed', async () => {
  const program = child('echo {}; exit 0');
  await program.firstLine;
  await expect(untilReady(program, async () => Promise.reject(new Error('no answer')))).rejects.toThrow(
    'ended before it was ready',
  );
});
