import { beforeEach, expect, test } from 'vitest';
import { needPython, signal, useCodeHost } from './code-host.ts';

const host = useCodeHost();
beforeEach(needPython);

test('the last expression is the result, and what cells define stays', async () => {
  const first = await host.sandbox.runCode('x = 20\nx + 1');
  expect(first.text).toBe('21');
  expect(first.results).toHaveLength(1);
  expect(first.results[0]).toMatchObject({ isMainResult: true, text: '21' });
  await host.sandbox.runCode('def double(n):\n    return 2 * n');
  expect((await host.sandbox.runCode('double(x)')).text).toBe('40');
  expect((await host.sandbox.runCode('x = 1')).results).toEqual([]);
  expect((await host.sandbox.runCode('None')).results).toEqual([]);
  expect((await host.sandbox.runCode('"quoted"')).text).toBe('quoted');
});

test('executions are counted', async () => {
  const context = await host.sandbox.createCodeContext();
  const counts = [];
  for (const code of ['1', '2']) counts.push((await host.sandbox.runCode(code, { context })).executionCount);
  expect(counts).toEqual([1, 2]);
  await host.sandbox.removeCodeContext(context);
});

test('output arrives as it is written, and a print is one message', async () => {
  const [isHere, here] = signal();
  const lines: string[] = [];
  const run = host.sandbox.runCode(
    'import os, time\nprint("no newline", end="")\nwhile not os.path.exists("/tmp/go"): time.sleep(0.01)\nprint("a", "b")',
    {
      onStdout: ({ line }) => {
        lines.push(line);
        here();
      },
    },
  );
  await isHere;
  expect(lines).toEqual(['no newline']);
  await host.sandbox.files.write('/tmp/go', '');
  expect((await run).logs).toEqual({ stdout: ['no newline', 'a b\n'], stderr: [] });
});

test('stdout, stderr and results keep their order, children’s output included', async () => {
  const told: string[] = [];
  const { logs, text } = await host.sandbox.runCode(
    [
      'import subprocess, sys',
      'print("one")',
      'display("two")',
      'subprocess.run("echo three", shell=True)',
      'print("err", file=sys.stderr)',
      '"four"',
    ].join('\n'),
    { onStdout: ({ line }) => void told.push(line), onResult: (result) => void told.push(`${result.text}`) },
  );
  expect(told).toEqual(['one\n', 'two', 'three\n', 'four']);
  expect(logs.stderr).toEqual(['err\n']);
  expect(text).toBe('four');
});

test('text beyond ASCII arrives whole, whatever pieces it comes in', async () => {
  const { logs, text } = await host.sandbox.runCode(
    'import os\nfor i in range(30000): os.write(1, "äö€😀".encode())\n"€😀"',
  );
  expect(logs.stdout.join('')).toBe('äö€😀'.repeat(30_000));
  expect(text).toBe('€😀');
});

test('an error has its name, value and the user’s frames, and state survives it', async () => {
  const { error, logs } = await host.sandbox.runCode(
    'kept = 7\nprint("so far")\ndef bad():\n    raise ValueError("no good")\n\nbad()',
  );
  expect(logs.stdout).toEqual(['so far\n']);
  expect(error).toMatchObject({ name: 'ValueError', value: 'no good' });
  expect(error?.traceback).toMatch(
    /line 6, in <module>\n {4}bad\(\)\n.*line 4, in bad\n {4}raise ValueError/,
  );
  expect(error?.traceback).not.toContain('<string>');
  expect((await host.sandbox.runCode('kept')).text).toBe('7');
});

test.each([
  ['code that does not parse', 'x = (', { name: 'SyntaxError' }],
  ['input, which nobody can give', 'input()', { name: 'EOFError' }],
  ['an exit, which ends the cell only', 'import sys\nsys.exit(3)', { name: 'SystemExit', value: '3' }],
  ['a repr that fails', 'class A:\n    def __repr__(self): 1 / 0\nA()', { name: 'ZeroDivisionError' }],
  ['an error whose text fails', 'class E(Exception):\n    def __str__(self): 1 / 0\nraise E', { name: 'E' }],
])('%s is an error', async (_what, code, error) => {
  await host.sandbox.runCode('still = "here"');
  expect((await host.sandbox.runCode(code)).error).toMatchObject(error);
  expect((await host.sandbox.runCode('still')).text).toBe('here');
});

test('await works at the top level, and tasks live on in the next cell', async () => {
  const code =
    'import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(0.01, "slept"))\nawait asyncio.sleep(0)';
  expect((await host.sandbox.runCode(code)).error).toBeUndefined();
  expect((await host.sandbox.runCode('await task')).text).toBe('slept');
});

test('a shell line, an indented cell and a silenced last line mean what they do in notebooks', async () => {
  expect((await host.sandbox.runCode('    a = 1\n    a')).text).toBe('1');
  expect((await host.sandbox.runCode('b = 2\n!echo $((b + 40))')).logs.stdout).toEqual(['40\n']);
  expect((await host.sandbox.runCode('a;')).results).toEqual([]);
});

test('cells are the module __main__, in the user’s home', async () => {
  const code =
    'import os, pickle, sys\nclass A: pass\n(__name__, os.getcwd(), sys.argv, type(pickle.loads(pickle.dumps(A()))) is A)';
  expect((await host.sandbox.runCode(code)).text).toBe("('__main__', '/home/user', [''], True)");
});

test('files beside the cells do not stand in for modules of the kernel, but cells can import them', async () => {
  await host.sandbox.files.write('/tmp/beside/json.py', 'mine = "my own json"');
  const context = await host.sandbox.createCodeContext({ cwd: '/tmp/beside' });
  await host.sandbox.files.write('/tmp/beside/other.py', 'mine = "mine"');
  expect((await host.sandbox.runCode('import other\nother.mine', { context })).text).toBe('mine');
  await host.sandbox.removeCodeContext(context);
});

test('variables last for one execution, over the sandbox’s own', async () => {
  const code = 'import os\n[os.environ.get(name) for name in ("FROM", "BOTH", "ONE")]';
  const { text } = await host.sandbox.runCode(code, { envs: { BOTH: 'call', ONE: 'call' } });
  expect(text).toBe("['sandbox', 'call', 'call']");
  expect((await host.sandbox.runCode(code)).text).toBe("['sandbox', 'sandbox', None]");
});

test('what a cell forks never answers in its stead, and ends as a program does', async () => {
  const code = 'import os\npid = os.fork()\nif pid == 0: display("child")\nelse: os.waitpid(pid, 0)\n"done"';
  expect((await host.sandbox.runCode(code)).results).toMatchObject([{ text: 'done' }]);
  const failing = 'if os.fork() == 0: raise ValueError("in the child")\nos.WEXITSTATUS(os.wait()[1])';
  const { results, logs, error } = await host.sandbox.runCode(failing);
  expect(results).toMatchObject([{ text: '1' }]);
  expect(logs.stderr.join('')).toMatch(/^Traceback .*\n.*<cell \d+>.*\n[^]*\nValueError: in the child\n$/);
  expect(error).toBeUndefined();
});

test('a sandbox without python3 says so', async () => {
  const { sandbox } = host;
  await sandbox.files.write('/home/user/.bash_profile', 'PATH=/nowhere');
  await expect(sandbox.createCodeContext()).rejects.toThrow('this sandbox has no python3');
  await sandbox.files.remove('/home/user/.bash_profile');
});
