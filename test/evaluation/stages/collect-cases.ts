import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobs } from '../../../src/blobs/blobs.ts';
import type { SpecInput } from '../../../src/spec.ts';
import { fail, junit, mortal, pass, skip, suite, xfail, type Make } from '../outcome-scene.ts';

const between: Partial<SpecInput> = { report: { format: 'tap', between: ['BEGIN', 'END'] } };
const reward = (content: string, then = ''): Partial<SpecInput> => ({
  reward: { path: ['logs/reward.txt', 'logs/reward.json'] },
  test: `cat > logs/reward.${content.startsWith('{') ? 'json' : 'txt'} <<'END'\n${content}\nEND\n${then}`,
});

/** The rows of docs/outcomes.md whose stage is collect. */
export const COLLECT_CASES: Readonly<Record<string, Make>> = {
  'collect: the report says that all passed': () => [junit(suite(pass('a'), skip('b')))],
  'collect: the report is missing': () => [{ ...junit(''), test: 'true' }],
  'collect: the report lay there before the tests ran': () => [
    { ...junit(''), build: `echo '${suite(pass('a'))}' > report.xml`, test: 'true' },
  ],
  'collect: the report is not well-formed': () => [junit('<testsuite>')],
  'collect: the report is too large': () => [{ ...junit(''), test: 'head -c 33M /dev/zero > report.xml' }],
  'collect: the report holds no test': () => [junit(suite())],
  'collect: the report counts more tests than it names': () => [
    { report: { format: 'pytest' }, test: 'echo "=== 2 passed in 0.01s ==="' },
  ],
  'collect: `auto` finds no known format': () => [{ report: { format: 'auto' }, test: 'echo all is well' }],
  'collect: `auto` finds marks of two formats': () => [
    { report: { format: 'auto' }, test: 'echo ok 1 - a; echo 1..1; printf "ok  \\tp\\t1s\\n"' },
  ],
  'collect: every reported test was skipped': () => [junit(suite(skip('a'), skip('b')))],
  'collect: every reported test was expected to fail, and did': () => [junit(suite(xfail('a')))],
  'collect: fewer tests ran than `expect.minTests`': () => [
    { ...junit(suite(pass('a'), skip('b'))), expect: { minTests: 2 } },
  ],
  'collect: the TAP plan was not kept': () => [
    { report: { format: 'tap' }, test: 'echo 1..2; echo ok 1 - a' },
  ],
  'collect: a reported test failed though the script ended with 0': () => [
    junit(suite(pass('a'), fail('b'))),
  ],
  'collect: the script ended with 1 though no reported test failed': () => [
    junit(suite(pass('a')), 'exit 1'),
  ],
  'collect: an expected test is missing from the report': () => [
    { ...junit(suite(pass('a'))), expect: { failToPass: ['a', 'b'] } },
  ],
  'collect: an expected test of `failToPass` was skipped': () => [
    { ...junit(suite(pass('a'), skip('b'))), expect: { failToPass: ['a', 'b'] } },
  ],
  'collect: an expected test of `passToPass` was skipped': () => [
    { ...junit(suite(pass('a'), skip('b'))), expect: { failToPass: ['a'], passToPass: ['b'] } },
  ],
  'collect: an expected test was marked to fail, and did (xfail)': () => [
    { ...junit(suite(pass('a'), xfail('b'))), expect: { failToPass: '["a", "b"]' } },
  ],
  'collect: an expected name is cut in its parameters, all such passed': () => [
    { ...junit(suite(pass('t.a[x y]'), pass('t.a[x z]'))), expect: { failToPass: ['t.py::a[x'] } },
  ],
  'collect: an expected name is cut in its parameters, one such failed': () => [
    { ...junit(suite(pass('t.a[x y]'), fail('t.a[x z]'))), expect: { failToPass: ['t.py::a[x'] } },
  ],
  'collect: a test of `expect.required` was skipped': () => [
    { ...junit(suite(pass('a'), skip('b'))), expect: { required: ['a', 'b'] } },
  ],
  'collect: a test of `expect.required` passed, another failed': () => [
    { ...junit(suite(pass('a'), fail('b')), 'exit 1'), expect: { required: ['a'] } },
  ],
  'collect: only tests that are not expected failed': () => [
    { ...junit(suite(pass('a'), fail('b')), 'exit 1'), expect: { failToPass: ['a'] } },
  ],
  'collect: the report is a link to another one': () => [
    { ...junit(''), test: `echo '${suite(pass('a'))}' > other.xml; ln -s other.xml report.xml` },
  ],
  'collect: the report is a pipe': () => [{ ...junit(''), test: 'mkfifo report.xml' }],
  'collect: a text of `report.between` is printed twice': () => [
    { ...between, test: 'echo BEGIN; echo ok 1 - a; echo 1..1; echo END; echo not ok 2; echo END' },
  ],
  'collect: a text of `report.between` is never printed': () => [
    { ...between, test: 'echo BEGIN; echo ok 1 - a; echo 1..1' },
  ],
  'collect: the report between its texts says that all passed': () => [
    { ...between, test: 'echo not ok; echo + BEGIN; echo ok 1 - a; echo 1..1; echo " END"; echo ok' },
  ],
  'collect: an expected test is missing, and `expect.missing` says passed': () => [
    { ...junit(suite(pass('a'))), expect: { failToPass: ['b'], missing: 'passed' } },
  ],
  'collect: `expect.missing` says passed, and the report holds no test': () => [
    { ...junit(suite()), expect: { failToPass: ['b'], missing: 'passed' } },
  ],
  'collect: the reward is 1': () => [reward('1.0')],
  'collect: the reward is below 1, or `expect.reward.atLeast`': () => [reward('0.99')],
  'collect: the reward that decides is high enough, another is not': () => [
    { ...reward('{"style": 0, "tests": 0.5}'), expect: { reward: { name: 'tests', atLeast: 0.5 } } },
  ],
  'collect: the reward that decides is not in the file': () => [
    { ...reward('{"style": 1}'), expect: { reward: { name: 'tests' } } },
  ],
  'collect: the reward is 1, the script ended with another status than 0': () => [reward('1', 'exit 3')],
  'collect: the reward file is missing': () => [{ ...reward('1'), test: 'true' }],
  'collect: the reward file lay there before the tests ran': () => [
    { ...reward('1'), build: 'mkdir logs; echo 1 > logs/reward.txt', test: 'true' },
  ],
  'collect: the reward file is empty': () => [reward('')],
  'collect: the reward is no number: NaN, infinite, a text': () => [reward('NaN')],
  'collect: the reward file is too large': () => [
    { ...reward('1'), test: 'mkdir -p logs; yes 1 | head -c 1M > logs/reward.txt' },
  ],
  'collect: the reward file is a link': () => [
    { ...reward('1'), test: 'mkdir -p logs; echo 1 > x; ln -s ../x logs/reward.txt' },
  ],
  'collect: our own disk is full': ({ bench }) => {
    writeFileSync(join(bench.folder, 'full'), '');
    return [{ test: 'echo x > kept', artifacts: ['kept'] }, { blobs: openBlobs(join(bench.folder, 'full')) }];
  },
  'collect: the sandbox dies': (scene) => [
    junit(suite(pass('a'))),
    mortal(scene, (sandbox) => ({
      async readFile(...args) {
        await scene.bench.sandboxes.destroy(sandbox.id);
        return await sandbox.readFile(...args);
      },
    })),
  ],
  'collect: deadline': (scene) => [
    { ...junit(suite(pass('a'))), timeouts: { collect: 0.1 } },
    mortal(scene, () => ({ readFile: () => new Promise(() => undefined) })),
  ],
};
