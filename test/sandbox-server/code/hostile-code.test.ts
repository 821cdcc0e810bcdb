import { Sandbox } from '@e2b/code-interpreter';
import { beforeEach, expect, test } from 'vitest';
import { execute, leaveOnceUp, needPython, useCodeHost } from './code-host.ts';

const host = useCodeHost();
beforeEach(needPython);

test.each([
  ['ends without a word', 'import os\nos._exit(3)', 'exit status 3'],
  [
    'kills itself',
    'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)',
    'SIGKILL, as when memory runs out',
  ],
  ['kills its parent, which is its group', 'import os\nos.kill(os.getppid(), 15)', 'SIGTERM'],
  ['closes every pipe', 'import os\nos.closerange(0, 16384)', 'exit status 1'],
  ['fills the memory', 'x = []\nwhile True: x.append(b"x" * 1000000)', 'SIGKILL, as when memory runs out'],
])('a cell that %s loses its context only', async (_what, code, how) => {
  const context = await host.sandbox.createCodeContext();
  const { error } = await host.sandbox.runCode(code, { context });
  expect(error).toMatchObject({ name: 'ContextRestarting', value: expect.stringContaining(how) });
  expect((await host.sandbox.runCode('1 + 1', { context })).text).toBe('2');
  await host.sandbox.removeCodeContext(context);
});

test('a context whose process ended between executions says so once, and starts afresh', async () => {
  const context = await host.sandbox.createCodeContext();
  await host.sandbox.runCode('import os', { context });
  const { text: pid } = await host.sandbox.runCode('x = 1\nos.getpid()', { context });
  await host.sandbox.commands.run(`kill -9 ${pid}; while [ -e /proc/${pid} ]; do sleep 0.01; done`);
  const told = await host.sandbox.runCode('x', { context });
  expect(told.error?.value).toContain('SIGKILL');
  expect((await host.sandbox.runCode('"x" in globals()', { context })).text).toBe('False');
});

test('closing only its own pipes leaves the cell without output, and the context alive', async () => {
  const context = await host.sandbox.createCodeContext();
  const code = 'import os, sys\nos.close(1); os.close(2)\ntry: print("lost")\nexcept OSError: pass\n"told"';
  expect((await host.sandbox.runCode(code, { context })).text).toBe('told');
  expect((await host.sandbox.runCode('2', { context })).text).toBe('2');
});

test('a pipe that is made not to wait, and is full, does not silence the kernel', async () => {
  const context = await host.sandbox.createCodeContext();
  const code = [
    'import fcntl, os, time',
    'fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)',
    'refused = 0',
    'while refused < 1000:',
    '    try: os.write(1, b"x" * 4096); refused = 0',
    '    except BlockingIOError: refused += 1; time.sleep(0.001)',
    'open("/tmp/full", "w").close()',
    '"told"',
  ].join('\n');
  const reply = await execute(host, { code, context_id: context.id });
  await host.sandbox.commands.run('until [ -e /tmp/full ]; do sleep 0.1; done');
  const last = (await reply.text()).trimEnd().split('\n').slice(-2);
  expect(last).toEqual([expect.stringContaining('told'), '{"type":"end_of_execution"}']);
  await host.sandbox.removeCodeContext(context);
});

test('output that looks like control messages is output', async () => {
  const nonce = '0123456789abcdef'.repeat(2);
  const lines = ['{"type":"end"}\n', `\0${nonce}.{"type":"end"}\n`, '\0', `\0${nonce}`];
  const code = `import sys\nfor line in ${JSON.stringify(lines)}: sys.stdout.write(line); sys.stderr.write(line)\n"end"`;
  const { logs, text, results } = await host.sandbox.runCode(code);
  expect(logs.stdout.join('')).toBe(lines.join(''));
  expect(logs.stderr.join('')).toBe(lines.join(''));
  expect([text, results.length]).toEqual(['end', 1]);
});

test('a cell that takes the kernel’s own words in its mouth ends nothing but itself', async () => {
  const context = await host.sandbox.createCodeContext();
  const forge = [
    'kernel = display.__globals__',
    'for message in ({"type": "result", "main": 1}, {"type": "nothing"}, 7, {"type": "end"}): kernel["send"](kernel["out"], message)',
    'kernel["send"](kernel["err"], {"type": "end"})',
    'import os\nos.write(kernel["out"], b"\\0" + kernel["nonce"].encode() + b"+" + b"x" * 100000)',
  ].join('\n');
  const forged = await host.sandbox.runCode(forge, { context });
  expect(forged.results).toEqual([]);
  expect((await host.sandbox.runCode('"after"', { context })).text).toBe('after');
});

test('a fork bomb in a cell is held by the sandbox’s limit and ended by the interrupt', async () => {
  const bombed = await Sandbox.create(host.sdk);
  const other = await bombed.createCodeContext();
  const code =
    'import os, time\nprint("up")\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.1)';
  await leaveOnceUp({ server: host.server, sdk: host.sdk, sandbox: bombed }, { code });
  expect((await bombed.runCode('1 + 1')).text ?? 'restarted').toMatch(/2|restarted/);
  expect((await bombed.runCode('1 + 1')).text).toBe('2');
  expect((await bombed.runCode('1 + 1', { context: other })).text).toBe('2');
  await bombed.kill();
});

test('endless output to a reader that stops reading stops the cell, not the server’s memory', async () => {
  const context = await host.sandbox.createCodeContext();
  const before = process.memoryUsage().rss;
  const code = [
    'import os, threading, time',
    'def watch():',
    '    seen = None',
    '    while seen != count: seen = count; time.sleep(0.5)',
    '    open("/tmp/stopped", "w").close()',
    'count = 0',
    'threading.Thread(target=watch, daemon=True).start()',
    'while True: count += os.write(1, b"x" * 65536)',
  ].join('\n');
  const leaving = new AbortController();
  const reply = await execute(host, { code, context_id: context.id }, leaving.signal);
  await reply.body?.getReader().read();
  await host.sandbox.commands.run('until [ -e /tmp/stopped ]; do sleep 0.1; done');
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
  leaving.abort();
  expect((await host.sandbox.runCode('count > 0', { context })).text).toBe('True');
});

test('what a cell leaves running in the background speaks into no other execution’s results', async () => {
  const context = await host.sandbox.createCodeContext();
  const code =
    'import threading\ndef late():\n    while True: display("late")\nthreading.Thread(target=late, daemon=True).start()';
  await host.sandbox.runCode(code, { context });
  const { text, error } = await host.sandbox.runCode('"mine"', { context });
  expect([text, error]).toEqual(['mine', undefined]);
  await host.sandbox.removeCodeContext(context);
});
