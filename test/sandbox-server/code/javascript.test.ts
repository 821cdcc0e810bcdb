import { expect, test } from 'vitest';
import { useCodeHost } from './code-host.ts';

const host = useCodeHost();
const run = (code: string, envs: Record<string, string> = {}) =>
  host.sandbox.runCode(code, { language: 'js', envs });

test('the last expression is the result, and what cells declare stays', async () => {
  expect((await run('const a = 1; let b = 2; class C {}; function f() { return a + b } f()')).text).toBe('3');
  expect((await run('a + b + f()')).text).toBe('6');
  expect((await run('const a = "declared anew"; a')).text).toBe('declared anew');
  expect((await run('new C()')).text).toBe('C {}');
  expect((await run('undefined')).results).toEqual([]);
});

test('cells see no names of the kernel', async () => {
  expect((await run('[typeof kept, typeof send, typeof session].join()')).text).toBe(
    'undefined,undefined,undefined',
  );
});

test.each([
  ['null', 'null'],
  ['123n', '123n'],
  ['-0', '-0'],
  ['Symbol("s")', 'Symbol(s)'],
  ['{ a: [1, { b: 2 }] }', '{ a: [ 1, { b: 2 } ] }'],
  ['new Map([[1, 2]])', 'Map(1) { 1 => 2 }'],
  ['Promise.resolve(1)', 'Promise { 1 }'],
  ['process.cwd()', '/home/user'],
])('%s shows as %s', async (code, text) => {
  expect((await run(code)).text).toBe(text);
});

test('console.log and console.error are told apart', async () => {
  const { logs, text } = await run('console.log("out"); console.error("err"); console.log("more"); 1');
  expect(logs.stdout.join('')).toBe('out\nmore\n');
  expect(logs.stderr).toEqual(['err\n']);
  expect(text).toBe('1');
});

test('await, import and require work at the top level', async () => {
  expect((await run('await new Promise((done) => setTimeout(done, 10, "waited"))')).text).toBe('waited');
  expect(
    (await run('import fs, { existsSync as exists } from "node:fs"; exists("/") && fs.existsSync("/")')).text,
  ).toBe('true');
  expect((await run('import * as path from "node:path"\npath.sep')).text).toBe('/');
  expect((await run('(await import("node:os")).EOL.length')).text).toBe('1');
  expect((await run('require("node:path").sep + "import(me)"')).text).toBe('/import(me)');
});

test('an error has its name, value and the user’s frames, and state survives it', async () => {
  const { error } = await run('var kept = 7;\nfunction bad() { throw new RangeError("no good") }\nbad()');
  expect(error).toMatchObject({ name: 'RangeError', value: 'no good' });
  expect(error?.traceback).toMatch(
    /^RangeError: no good\n {4}at bad \(cell-\d+\.js:2:\d+\)\n {4}at cell-\d+\.js:3:1$/,
  );
  expect((await run('kept')).text).toBe('7');
});

test.each([
  ['code that does not parse', 'let let = 1', { name: 'SyntaxError' }],
  ['a thrown value', 'throw "a string"', { name: 'Uncaught', value: "'a string'" }],
  ['an error after an await', 'await 1; throw new TypeError("late")', { name: 'TypeError', value: 'late' }],
  [
    'a value that cannot be shown',
    '({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("x") } })',
    { name: 'Error' },
  ],
])('%s is an error', async (_what, code, error) => {
  expect((await run(code)).error).toMatchObject(error);
  expect((await run('1 + 1')).text).toBe('2');
});

test('rejections that nobody handles are told on stderr, and end nothing', async () => {
  const { logs, text } = await run('Promise.reject(new Error("unheard")); "went on"');
  expect(logs.stderr.join('')).toContain('Uncaught Error: unheard');
  expect(text).toBe('went on');
  expect((await run('1')).text).toBe('1');
});

test('more output than a pipe holds arrives while a loop goes on', async () => {
  const { logs } = await run('for (let i = 0; i < 30_000; i += 1) console.log("äö€😀".repeat(4))');
  expect(logs.stdout.join('')).toBe(`${'äö€😀'.repeat(4)}\n`.repeat(30_000));
});

test('variables last for one execution, over the sandbox’s own', async () => {
  const code = '["FROM", "BOTH", "ONE"].map((name) => process.env[name]).join()';
  expect((await run(code, { BOTH: 'call', ONE: 'call' })).text).toBe('sandbox,call,call');
  expect((await run(code)).text).toBe('sandbox,sandbox,');
});

test('a process that exits is told, and the next execution starts afresh', async () => {
  await run('var gone = 1');
  expect((await run('process.exit(4)')).error).toMatchObject({
    name: 'ContextRestarting',
    value: expect.stringContaining('exit status 4'),
  });
  expect((await run('typeof gone')).text).toBe('undefined');
});
