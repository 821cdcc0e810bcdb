import { TimeoutError } from '@e2b/code-interpreter';
import { beforeEach, expect, test } from 'vitest';
import { leaveOnceUp, needPython, signal, useCodeHost } from './code-host.ts';

const host = useCodeHost();
beforeEach(needPython);

/** Code that never ends, and what it set before. */
const ENDLESS = [
  ['python that computes', 'python', 'x = 1\nprint("up")\nwhile True: pass', 'x'],
  ['python that sleeps', 'python', 'import time\nx = 2\nprint("up")\ntime.sleep(1000)', 'x'],
  [
    'python that waits for a child',
    'python',
    'import subprocess\nx = 3\nprint("up")\nsubprocess.run(["sleep", "1000"])',
    'x',
  ],
  ['python that has a shell wait', 'python', 'import os\nx = 6\nprint("up")\nos.system("sleep 1000")', 'x'],
  ['python that awaits', 'python', 'import asyncio\nx = 4\nprint("up")\nawait asyncio.sleep(1000)', 'x'],
  ['python that writes without end', 'python', 'x = 5\nwhile True: print("up" * 1000)', 'x'],
  ['javascript that computes', 'javascript', 'const y = 1; console.log("up"); for (;;);', 'y'],
  [
    'javascript that awaits',
    'javascript',
    'const y = 2; console.log("up"); await new Promise(() => {})',
    'y',
  ],
  ['bash that loops', 'bash', 'z=1; echo up; while :; do :; done', 'echo $z'],
  [
    'bash that waits for a child',
    'bash',
    'z=2; echo up; while :; do sleep 1000; done; echo never',
    'echo $z',
  ],
] as const;

test.each(ENDLESS)(
  '%s is interrupted when its client leaves, and state is kept',
  async (_what, language, code, look) => {
    const kept = /[xyz] ?= ?(\d)/.exec(code)?.[1];
    await leaveOnceUp(host, { code, language });
    const { text, logs, error } = await host.sandbox.runCode(look, { language });
    expect(error).toBeUndefined();
    expect((text ?? logs.stdout.join('')).trim()).toBe(kept);
  },
);

test('the SDK’s time-out is told to its user and interrupts', async () => {
  const run = host.sandbox.runCode('kept = 1\nimport time\ntime.sleep(1000)', { timeoutMs: 300 });
  await expect(run).rejects.toThrow(TimeoutError);
  expect((await host.sandbox.runCode('kept')).text).toBe('1');
});

test('an execution whose client left while it waited is never run', async () => {
  const [isUp, up] = signal();
  const [isLeft, left] = signal();
  const context = await host.sandbox.createCodeContext();
  const wait = 'import os, time\nprint("up")\nwhile not os.path.exists("/tmp/left"): time.sleep(0.01)';
  const first = host.sandbox.runCode(wait, { context, onStdout: up });
  await isUp;
  const second = host.sandbox.runCode('ran = True', { context, timeoutMs: 100 });
  second.catch(left);
  await isLeft;
  await host.sandbox.files.write('/tmp/left', '');
  await first;
  expect((await host.sandbox.runCode('"ran" in globals()', { context })).text).toBe('False');
});

test('code that ignores interrupts loses its context, and the next execution says so', async () => {
  const context = await host.sandbox.createCodeContext();
  const code =
    'import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint("up")\nwhile True: time.sleep(1)';
  await leaveOnceUp(host, { code, context_id: context.id });
  const next = await host.sandbox.runCode('1', { context });
  expect(next.results).toEqual([]);
  expect(next.error).toMatchObject({
    name: 'ContextRestarting',
    value: expect.stringContaining('did not end when it was interrupted'),
  });
  expect((await host.sandbox.runCode('1', { context })).text).toBe('1');
});
