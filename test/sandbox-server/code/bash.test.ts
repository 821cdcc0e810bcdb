import { expect, test } from 'vitest';
import { useCodeHost } from './code-host.ts';

const host = useCodeHost();
const run = (code: string, envs: Record<string, string> = {}) =>
  host.sandbox.runCode(code, { language: 'bash', envs });
const stdout = async (code: string): Promise<string> => (await run(code)).logs.stdout.join('');

test('variables, folder, functions and options stay', async () => {
  await run('x="it\'s 5"; cd /tmp; f() { echo "in f: $1"; }; set -o pipefail');
  expect(await stdout('echo "$x"; pwd; f a; set -o | grep -c "pipefail.*on"')).toBe(
    "it's 5\n/tmp\nin f: a\n1\n",
  );
});

test('a status other than zero is an error event, and state survives it', async () => {
  const { error, logs } = await run('y=1; echo out; ls /nope');
  expect(error).toMatchObject({ name: 'ExitStatus', value: '2' });
  expect(logs.stdout).toEqual(['out\n']);
  expect(logs.stderr.join('')).toContain('/nope');
  expect(await stdout('echo $y')).toBe('1\n');
  expect((await run('true')).error).toBeUndefined();
});

test.each([
  ['code that does not parse', 'echo (', '2'],
  ['a variable that is not set, under set -u', 'set -u; echo $no_such', '1'],
])('%s is an error, and the shell lives on', async (_what, code, value) => {
  expect((await run(code)).error).toMatchObject({ name: 'ExitStatus', value });
  expect(await stdout('set +u; echo on')).toBe('on\n');
});

test('cells of many lines, with quotes, here-documents and comments', async () => {
  const code = `for word in "a b" 'c'; do\n  echo "<$word>"\ndone\ncat <<'END'\nit's $HOME !!\nEND\n# the end`;
  expect(await stdout(code)).toBe("<a b>\n<c>\nit's $HOME !!\n");
});

test('a cell finds no input to read', async () => {
  expect(await stdout('cat; read line; echo "status $?"')).toBe('status 1\n');
});

test('an environment that sets the prompt adds no prompt to the output', async () => {
  const { logs } = await run('PS1="(venv) "; PS2="more "; true');
  expect(logs).toEqual({ stdout: [], stderr: [] });
});

test('variables last for one execution, over the sandbox’s own', async () => {
  const code = 'echo "$FROM $BOTH $ONE"; bash -c \'echo "$ONE"\'';
  const { logs } = await run(code, { BOTH: 'call', ONE: "it's $HOME" });
  expect(logs.stdout.join('')).toBe("sandbox call it's $HOME\nit's $HOME\n");
  expect(await stdout(code)).toBe('sandbox sandbox \n\n');
});

test('what bash cannot hold is said, and nothing is run', async () => {
  expect((await run('echo x', { 'a.b': '1' })).error?.value).toBe("bash cannot hold a variable named 'a.b'");
  expect((await run('echo \0')).error?.value).toContain('NUL');
  expect(await stdout('echo on')).toBe('on\n');
});

test('a shell that exits is told with its status, and the next execution starts afresh', async () => {
  await run('z=1');
  expect((await run('exit 3')).error).toMatchObject({
    name: 'ContextRestarting',
    value: expect.stringContaining('exit status 3'),
  });
  expect(await stdout('echo "z=$z"')).toBe('z=\n');
});

test('redirections of the shell itself do not cut it off', async () => {
  expect((await run('exec >/tmp/redirected 2>&1; echo kept')).error).toBeUndefined();
  expect(await host.sandbox.files.read('/tmp/redirected')).toBe('kept\n');
  expect((await run('exec 250>&- 251>&-')).error).toMatchObject({ name: 'ContextRestarting' });
  expect(await stdout('echo afresh')).toBe('afresh\n');
});
