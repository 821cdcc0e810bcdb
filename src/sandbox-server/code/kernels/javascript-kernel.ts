/**
 * The kernel of a JavaScript context, given to `node -e`. Requests and frames are those of the Python kernel.
 *
 * 1. V8 runs cells in its mode for consoles: top-level await, the last value, `const` that a later cell may declare anew.
 * 2. `import` is not known there: what Node's own parser finds of it becomes a call.
 * 3. SIGINT interrupts a cell that runs or waits, not one that runs on after it has waited.
 */
export const JAVASCRIPT_KERNEL = String.raw`
'use strict';
// In a block: names at the top would be the cells' too.
{
const fs = require('node:fs');
const { Session } = require('node:inspector');
const { Socket } = require('node:net');
const { inspect } = require('node:util');
const vm = require('node:vm');

const FRAME_BYTES = 4096;
const DISPLAY = Symbol.for('Jupyter.display');

function openAnew(fd, mode) {
  try {
    return fs.openSync('/proc/self/fd/' + fd, mode);
  } catch {
    return fd;
  }
}

const [out, err] = [openAnew(1, fs.constants.O_WRONLY), openAnew(2, fs.constants.O_WRONLY)];
const requests = openAnew(0, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
if (requests !== 0) {
  fs.closeSync(0);
  fs.openSync('/dev/null'); // the lowest number is free, so it becomes fd 0
}
// Written when said, even by a loop that never ends, and before the frames that follow.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

function send(fd, nonce, message) {
  const body = Buffer.from(JSON.stringify(message));
  const step = FRAME_BYTES - nonce.length - 3;
  for (let at = 0; at < body.length; at += step) {
    const head = '\0' + nonce + (at + step >= body.length ? '.' : '+');
    fs.writeSync(fd, Buffer.concat([Buffer.from(head), body.subarray(at, at + step), Buffer.from('\n')]));
  }
}

const session = new Session();
session.connect();
function post(method, parameters) {
  return new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

let kept;
let keeper;
async function valueOf({ type, subtype, description, className, ...remote }) {
  await post('Runtime.callFunctionOn', {
    objectId: keeper,
    functionDeclaration: 'function (value) { this(value) }',
    arguments: [remote],
  });
  return { value: kept }; // not bare: a promise would be awaited
}

let interrupt = () => {};
process.on('SIGINT', () => interrupt());
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => process.stderr.write('Uncaught ' + describeError(error).traceback + '\n'));

// Node ends what a signal interrupts only under a call of its own.
function evaluate(expression) {
  let answer;
  const start = () => {
    delete globalThis.__evalpool_start;
    answer = post('Runtime.evaluate', { expression, replMode: true, objectGroup: 'cell' });
  };
  Object.defineProperty(globalThis, '__evalpool_start', { value: start, configurable: true });
  vm.runInThisContext('__evalpool_start()', { breakOnSigint: true });
  return answer;
}

function parser() {
  try {
    return [require('internal/deps/acorn/acorn/dist/acorn'), require('internal/deps/acorn/acorn-walk/dist/walk')];
  } catch {
    return [];
  }
}

function rewriteImports(code) {
  const [acorn, walk] = /\bimport\b/.test(code) ? parser() : [];
  if (!acorn) return code;
  const edits = [];
  const options = { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true };
  try {
    walk.simple(acorn.parse(code, options), {
      ImportExpression: ({ start }) => edits.push([start, start + 6, '__evalpool_import']),
      ImportDeclaration: (node) => edits.push([node.start, node.end, asCall(node)]),
    });
  } catch {
    return code;
  }
  for (const [start, end, text] of edits.sort((a, b) => b[0] - a[0])) code = code.slice(0, start) + text + code.slice(end);
  return code;
}

function asCall({ specifiers, source }) {
  const call = 'await __evalpool_import(' + source.raw + ');';
  const whole = specifiers.find(({ type }) => type === 'ImportNamespaceSpecifier');
  const parts = specifiers
    .filter((specifier) => specifier !== whole)
    .map(({ imported, local }) => (imported ? imported.raw ?? imported.name : 'default') + ': ' + local.name);
  const lines = [];
  if (whole) lines.push('const ' + whole.local.name + ' = ' + call);
  if (parts.length > 0) lines.push('const { ' + parts.join(', ') + ' } = ' + call);
  return lines.join(' ') || call;
}

Object.defineProperty(globalThis, '__evalpool_import', { value: (name, options) => import(name, options) });

// As consoles do: a cell that begins with a brace is an object, if it can be one.
function preferObject(code) {
  if (!/^\s*\{/.test(code) || /;\s*$/.test(code)) return code;
  try {
    new vm.Script('(' + code + '\n)');
    return '(' + code + '\n)';
  } catch {
    return code;
  }
}

function describeError(error, at) {
  if (!(error instanceof Error)) return { name: 'Uncaught', value: inspect(error), traceback: 'Uncaught ' + inspect(error) };
  const lines = String(error.stack).split('\n');
  const ours = lines.findIndex((line) => /^ +at .*(node:inspector|node:vm|evalmachine|\[eval\])/.test(line));
  if (ours !== -1) lines.length = ours;
  if (error instanceof SyntaxError && lines.length === 1 && at) lines.push('    at ' + at);
  return { name: String(error.name), value: String(error.message), traceback: lines.join('\n') };
}

async function runCell(code, cell) {
  const interrupted = new Promise((_, reject) => {
    interrupt = () => reject(new Error('interrupted'));
  });
  const source = preferObject(rewriteImports(code)) + '\n//# sourceURL=' + cell;
  const { result, exceptionDetails } = await Promise.race([evaluate(source), interrupted]);
  if (exceptionDetails) {
    const at = [cell, exceptionDetails.lineNumber + 1, exceptionDetails.columnNumber + 1].join(':');
    return { type: 'error', ...describeError((await valueOf(result)).value, at) };
  }
  const { value } = await valueOf(result);
  if (value === undefined) return null;
  const rich = typeof value?.[DISPLAY] === 'function' ? await value[DISPLAY]() : {};
  return { type: 'result', main: true, data: { 'text/plain': inspect(value), ...rich } };
}

function changeEnvironment(values) {
  for (const [name, value] of values) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

async function answer({ nonce, number, code, envs }) {
  const before = Object.keys(envs).map((name) => [name, process.env[name]]);
  changeEnvironment(Object.entries(envs));
  let message;
  try {
    message = await runCell(code, 'cell-' + number + '.js');
  } catch (error) {
    message = { type: 'error', ...describeError(error) };
  }
  // Rejections that nobody handles are told a turn later, and are still this cell's.
  await new Promise(setImmediate);
  interrupt = () => {};
  changeEnvironment(before);
  if (message) send(out, nonce, message);
  send(out, nonce, { type: 'end' });
  send(err, nonce, { type: 'end' });
  await post('Runtime.releaseObjectGroup', { objectGroup: 'cell' });
}

async function serve() {
  globalThis.__evalpool_keep = (value) => void (kept = value);
  keeper = (await post('Runtime.evaluate', { expression: '__evalpool_keep' })).result.objectId;
  delete globalThis.__evalpool_keep;
  let parts = [];
  for await (const bytes of new Socket({ fd: requests, readable: true, writable: false })) {
    const end = bytes.indexOf(10);
    if (end === -1) {
      parts.push(bytes);
      continue;
    }
    // The server sends the next request only after the end of this one.
    const request = JSON.parse(Buffer.concat([...parts, bytes.subarray(0, end)]));
    parts = [];
    await answer(request);
  }
  process.exit(0);
}

serve().catch((error) => {
  process.stderr.write(String(error?.stack) + '\n');
  process.exit(1);
});
}
`;
