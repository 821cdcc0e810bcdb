import { NotFoundError, Sandbox, TimeoutError } from '@e2b/code-interpreter';
import { beforeEach, expect, test } from 'vitest';
import { needPython, signal, useCodeHost } from './code-host.ts';

const host = useCodeHost();
beforeEach(needPython);

test('the contexts of python and javascript are there from the start, in the user’s home', async () => {
  const fresh = await Sandbox.create(host.sdk);
  const listed = await fresh.listCodeContexts();
  expect(listed.map(({ language, cwd }) => [language, cwd])).toEqual([
    ['python', '/home/user'],
    ['javascript', '/home/user'],
  ]);
  await fresh.runCode('1', { language: 'bash' });
  expect((await fresh.listCodeContexts()).map(({ language }) => language)).toContain('bash');
  await fresh.kill();
});

test('a context has its own state, folder and language', async () => {
  await host.sandbox.runCode('x = "of the default"');
  const other = await host.sandbox.createCodeContext({ cwd: '/tmp' });
  const js = await host.sandbox.createCodeContext({ language: 'js' });
  expect(other).toMatchObject({ language: 'python', cwd: '/tmp' });
  expect(js).toMatchObject({ language: 'javascript', cwd: '/home/user' });
  expect((await host.sandbox.runCode('x', { context: other })).error?.value).toBe("name 'x' is not defined");
  expect((await host.sandbox.runCode('import os; os.getcwd()', { context: other })).text).toBe('/tmp');
  expect((await host.sandbox.runCode('typeof x', { context: js })).text).toBe('undefined');
  expect((await host.sandbox.runCode('x')).text).toBe('of the default');
});

test('executions in one context wait for each other, in two they do not', async () => {
  const other = await host.sandbox.createCodeContext();
  const [isUp, up] = signal();
  const wait =
    'import os, time\nprint("up")\nwhile not os.path.exists("/tmp/go"): time.sleep(0.01)\norder = ["first"]';
  const first = host.sandbox.runCode(wait, { onStdout: up });
  await isUp;
  const second = host.sandbox.runCode('order.append("second")\norder');
  await host.sandbox.runCode('open("/tmp/go", "w").close()', { context: other });
  expect((await second).text).toBe("['first', 'second']");
  await first;
});

test('a restart forgets, ends what runs, and keeps the context', async () => {
  const context = await host.sandbox.createCodeContext();
  await host.sandbox.runCode('x = 1', { context });
  const [isUp, up] = signal();
  const running = host.sandbox.runCode('import time\nprint("up")\ntime.sleep(100)', {
    context,
    onStdout: up,
  });
  await isUp;
  await host.sandbox.restartCodeContext(context.id);
  expect((await running).error).toMatchObject({ name: 'ContextRestarting' });
  const { error, executionCount } = await host.sandbox.runCode('x', { context });
  expect([error?.value, executionCount]).toEqual(["name 'x' is not defined", 1]);
});

test('a removed context is gone, with what ran or waited in it', async () => {
  const context = await host.sandbox.createCodeContext();
  const [isUp, up] = signal();
  const code = 'import os, time\nprint(os.getpid())\ntime.sleep(100)';
  let pid = '';
  const running = host.sandbox.runCode(code, {
    context,
    onStdout: ({ line }) => {
      pid = line.trim();
      up();
    },
  });
  const waiting = host.sandbox.runCode('1', { context });
  await isUp;
  await host.sandbox.removeCodeContext(context);
  expect((await running).error).toMatchObject({ name: 'ContextRemoved' });
  expect((await waiting).error).toMatchObject({ name: 'ContextRemoved' });
  expect((await host.sandbox.listCodeContexts()).map(({ id }) => id)).not.toContain(context.id);
  expect((await host.sandbox.commands.run(`ls -d /proc/${pid} 2>/dev/null || echo none`)).stdout).toBe(
    'none\n',
  );
});

test('a context that is not known is not found', async () => {
  const context = { id: 'no-such', language: 'python', cwd: '/' };
  const run = host.sandbox.runCode('1', { context });
  await expect(run).rejects.toThrow(NotFoundError);
  await expect(run).rejects.toThrow('Context no-such not found');
  await expect(host.sandbox.removeCodeContext('no-such')).rejects.toThrow(NotFoundError);
  await expect(host.sandbox.restartCodeContext('no-such')).rejects.toThrow(NotFoundError);
  await expect(host.sandbox.removeCodeContext('constructor')).rejects.toThrow(NotFoundError);
});

test('a language that is not served is refused in words', async () => {
  const words = "language 'r' is not served here: expected python, javascript or bash";
  await expect(host.sandbox.runCode('1', { language: 'r' })).rejects.toThrow(words);
  await expect(host.sandbox.createCodeContext({ language: 'ts' })).rejects.toThrow(
    "'typescript' is not served",
  );
  await expect(host.sandbox.runCode('1', { language: 'constructor' })).rejects.toThrow('not served');
});

test('a folder that is not there is refused in words', async () => {
  await expect(host.sandbox.createCodeContext({ cwd: '/no/such' })).rejects.toThrow(
    "cwd '/no/such' does not exist",
  );
});

test('there are at most 32 contexts', async () => {
  const crowded = await Sandbox.create(host.sdk);
  const made = [];
  for (let count = 2; count < 32; count += 1)
    made.push(await crowded.createCodeContext({ language: 'bash' }));
  await expect(crowded.createCodeContext({ language: 'bash' })).rejects.toThrow('at most 32 contexts');
  await crowded.removeCodeContext(made[0]?.id ?? '');
  await crowded.createCodeContext({ language: 'bash' });
  await crowded.kill();
});

test('a sandbox that is killed takes its contexts along, and those who wait are told', async () => {
  const doomed = await Sandbox.create(host.sdk);
  const [isUp, up] = signal();
  const running = doomed.runCode('import time\nprint("up")\ntime.sleep(100)', { onStdout: up });
  running.catch(() => {});
  await isUp;
  await doomed.kill();
  await expect(running).rejects.toThrow('The sandbox was killed while the request was in progress');
  await expect(running).rejects.toThrow(TimeoutError);
  await expect(doomed.runCode('1')).rejects.toThrow(TimeoutError);
  await expect(doomed.listCodeContexts()).rejects.toThrow(TimeoutError);
});

test('a pause keeps the state of contexts and interrupts what runs, a pause without memory loses it', async () => {
  const paused = await Sandbox.create(host.sdk);
  await paused.runCode('x = 1');
  const [isUp, up] = signal();
  const running = paused.runCode('import time\nx = 2\nprint("up")\ntime.sleep(1000)', { onStdout: up });
  running.catch(() => {});
  await isUp;
  await paused.pause();
  await expect(running).rejects.toThrow(TimeoutError);
  await expect(paused.runCode('x')).rejects.toThrow('The sandbox was not found');
  await paused.connect();
  expect((await paused.runCode('x')).text).toBe('2');
  await paused.pause({ keepMemory: false });
  await paused.connect();
  expect((await paused.runCode('x')).error?.name).toBe('ContextRestarting');
  expect((await paused.runCode('"afresh"')).text).toBe('afresh');
  await paused.kill();
});
