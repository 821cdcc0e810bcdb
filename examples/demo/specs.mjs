// The demo's batch: one spec for each way an evaluation can end. `labels.expect` says how: outcome, or outcome/reason.
// The repos named here are made from the folders beside this file (see scripts/demo.mjs).
import { readFileSync } from 'node:fs';

const patchOf = (name) => readFileSync(new URL(`patches/${name}.diff`, import.meta.url), 'utf8');
const base64Of = (text) => ({ base64: Buffer.from(text).toString('base64') });
const expecting = (expect, specs) => specs.map((spec) => ({ ...spec, labels: { expect } }));

const calculator = { repo: './calculator', ref: 'v1.0' };
const test = 'node --test test/add.test.js test/divide.test.js';
const junit = {
  test: 'node --test --test-reporter=junit --test-reporter-destination=report.xml test/*.test.js',
  report: { format: 'junit', path: 'report.xml' },
};
const expect = {
  failToPass: ['test.refuses to divide by zero'],
  passToPass: ['test.adds two numbers', 'test.divides two numbers'],
};
const tap = {
  test: 'node --test --test-reporter=tap test/add.test.js test/divide.test.js',
  report: { format: 'tap' },
};
const fixed = { ...calculator, patch: patchOf('fix-divide') };

const passed = [
  { id: 'pass-by-exit-code', ...fixed, test },
  { id: 'pass-by-tap', ...fixed, ...tap },
  { id: 'pass-by-junit-and-expected-tests', ...fixed, ...junit, expect },
  { id: 'pass-by-patch-in-base64', ...calculator, patch: base64Of(patchOf('fix-divide')), test },
  { id: 'pass-by-three-way-patch', ...fixed, ref: 'main', test },
  { id: 'pass-by-whole-files', ...calculator, files: { 'src/calculator.js': wholeFile() }, test },
  {
    id: 'pass-by-the-authors-test-patch',
    ...calculator,
    patch: patchOf('add-median'),
    testPatch: patchOf('median-tests'),
    test: 'node --test test/median.test.js',
  },
  {
    id: 'pass-with-setup-build-and-artifact',
    ...fixed,
    setup: 'git log -1 --format=%s > built-from.txt',
    build: 'npm_config_offline=true node build.js',
    test: ['grep -q "first" built-from.txt', 'cd dist', 'node -e "import(\'./calculator.js\')"'],
    artifacts: ['dist/*.js'],
  },
  { id: 'pass-without-a-repo', files: { 'answer.txt': '42\n' }, test: 'grep -qx 42 answer.txt' },
  {
    id: 'pass-with-binary-and-ansi-output',
    test: [
      String.raw`printf '\033[2J\033[31mred\033[0m \033]0;a window title\007 \000\001\377\376 '`,
      'head -c 20000 /dev/urandom',
    ],
  },
  { id: 'pass-with-huge-output', test: "head -c 60000000 /dev/zero | tr '\\0' x" },
];

const failed = [
  ...expecting('failed/tests', [
    { id: 'fail-by-exit-code', ...calculator, patch: patchOf('wrong-divide'), test },
    { id: 'fail-by-tap', ...calculator, patch: patchOf('wrong-divide'), ...tap },
    { id: 'fail-by-expected-tests', ...calculator, patch: patchOf('wrong-divide'), ...junit, expect },
    { id: 'fail-without-a-patch', ...calculator, test },
  ]),
  ...expecting('failed/patch', [
    { id: 'fail-by-patch-of-another-project', ...calculator, patch: patchOf('of-another-project'), test },
    { id: 'fail-by-patch-that-is-prose', ...calculator, patch: 'Sure! Here is the fix you asked for.', test },
  ]),
  ...expecting('failed/empty_patch', [{ id: 'fail-by-empty-patch', ...calculator, patch: '', test }]),
  ...expecting('failed/build', [
    { id: 'fail-by-build', ...calculator, patch: patchOf('syntax-error'), build: 'node build.js', test },
  ]),
  ...expecting('failed/no_tests', [
    { id: 'fail-by-exit-without-report', ...fixed, ...junit, test: 'exit 0' },
    { id: 'fail-by-early-exit', ...calculator, patch: patchOf('early-exit'), ...junit, test: earlyExit() },
    { id: 'fail-by-missing-test-runner', ...fixed, test: 'no-such-test-runner' },
  ]),
  ...expecting('failed/limits', [
    {
      id: 'fail-by-memory-balloon',
      test: 'node -e "const all = []; for (;;) all.push(Buffer.alloc(50_000_000, 1))"',
      timeouts: { test: 60 },
    },
    { id: 'fail-by-flood-of-processes', test: flood() },
    { id: 'fail-by-full-disk', test: 'head -c 50G /dev/zero > big', timeouts: { test: 60 } },
  ]),
];

const timedOut = [
  { id: 'time-out-of-the-tests', test: 'while :; do :; done', timeouts: { test: 2 } },
  { id: 'time-out-of-a-fork-bomb', test: 'bomb() { bomb & bomb & wait; }; bomb', timeouts: { test: 3 } },
  {
    id: 'time-out-that-ignores-sigterm',
    test: "trap '' TERM INT HUP; while :; do sleep 1; done",
    timeouts: { test: 2 },
  },
  { id: 'time-out-of-the-build', ...fixed, build: 'sleep 600', test, timeouts: { build: 2 } },
];

const invalid = [
  ...expecting('invalid/ref', [{ id: 'invalid-by-missing-ref', ...fixed, ref: 'v9.9', test }]),
  ...expecting('invalid/fetch', [{ id: 'invalid-by-missing-repo', repo: './no-such-repo', test }]),
  ...expecting('invalid/setup', [{ id: 'invalid-by-failing-setup', ...fixed, setup: 'make deps', test }]),
  ...expecting('invalid/test_patch', [
    { id: 'invalid-by-test-patch', ...fixed, testPatch: patchOf('test-patch-of-another-ref'), test },
  ]),
  ...expecting('invalid/template', [
    { id: 'invalid-by-template', template: 'no-such-template', test: 'true' },
  ]),
  ...expecting('invalid/secret', [{ id: 'invalid-by-secret', secrets: ['NOBODY_SET_THIS'], test: 'true' }]),
];

/** The specs of the batch. */
export const specs = [
  ...expecting('passed', passed),
  ...failed,
  ...expecting('timed_out', timedOut),
  ...invalid,
];

/** Lines that are no specs: they are told, count as invalid, and stop nothing. */
export const unreadableLines = ['{"id": "cut off in the midd', '{"id": "unknown-field", "tset": "true"}'];

function wholeFile() {
  const source = readFileSync(new URL('calculator/src/calculator.js', import.meta.url), 'utf8');
  return source.replace(
    '  return a / b;',
    "  if (b === 0) throw new RangeError('by zero');\n  return a / b;",
  );
}

// What a submission does that ends the process before the reporter has written anything.
function earlyExit() {
  return 'node -e "import(\'./src/calculator.js\').then(({ divide }) => divide(1, 0))"';
}

function flood() {
  const start = "require('node:child_process').spawn('sleep', ['60'])";
  return `node -e "while (${start}.pid);"`;
}
