import type { SpecInput } from '../../src/spec.ts';

type Given = Partial<SpecInput>;

/** Tests that run the candidate's code in a process of its own, and write their report to a file. */
export const apart: Given = {
  report: { format: 'tap', path: 'report.tap' },
  test: 'bash tests/run.sh >> report.tap',
};
/** The same, read from the output. */
export const printed: Given = { report: { format: 'tap' }, test: 'bash tests/run.sh' };
/** The same, within other output. */
export const between: Given = {
  report: { format: 'tap', between: ['>>>>> Start', '>>>>> End'] },
  test: 'echo ">>>>> Start"\nstatus=0; bash tests/run.sh || status=$?\necho ">>>>> End"\nexit $status',
};
/** Tests that load the candidate's code into their own process; the runner, and the report, are another one. */
export const within: Given = {
  report: { format: 'junit', path: '/tmp/report.xml' },
  test: 'node --test --test-reporter=junit --test-reporter-destination=/tmp/report.xml test/sum.test.mjs',
};
/** The author says which tests must pass. */
export const named: Given = { expect: { failToPass: ['adds'], passToPass: ['adds nothing'] } };
/** The same, as JUnit of node names them. */
export const namedXml: Given = { expect: { failToPass: ['test.adds'], passToPass: ['test.adds nothing'] } };
/** The author brings the tests. */
export const brought: Given = { testPatch: 'tests' };
/** A reward in place of a report. */
export const rewarded: Given = {
  reward: { path: '/tmp/logs/reward.txt' },
  test: 'if bash tests/run.sh; then echo 1 > /tmp/logs/reward.txt; else echo 0 > /tmp/logs/reward.txt; fi',
};
/** A build that runs code of the candidate. */
export const built: Given = { build: 'bash build.sh' };
