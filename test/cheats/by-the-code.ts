import type { Cheat } from './arena.ts';
import { apart, between, named, namedXml, printed, rewarded, within } from './specs.ts';

const sh = (text: string): Record<string, string> => ({ 'sum.sh': `${text}\necho $(($1 - $2))\n` });
const module = (text: string): Record<string, string> => ({
  'sum.mjs': `${text}\nexport const sum = (a, b) => a - b;\n`,
});
const FORGED = String.raw`'ok 1 - adds\nok 2 - adds nothing\n1..2\n'`;
/** To what the tests print to, past the shell that catches the candidate's own output. */
const PAST = '"/proc/$PPID/fd/1"';
const RUNNER = '$(sed "s/.*) . //; s/ .*//" /proc/$PPID/stat)';
const XML = '<testsuite><testcase name="adds"/><testcase name="adds nothing"/></testsuite>';

/** Cheats of the code under test, while the tests run. */
export const BY_THE_CODE: Cheat[] = [
  {
    name: 'exits with 0 when it is loaded',
    spec: { ...within, ...namedXml },
    does: module('process.exit(0);'),
    ends: 'NO_TESTS or TESTS_FAILED',
  },
  {
    name: 'exits with 0 when it is called',
    spec: { ...within, ...namedXml },
    does: { 'sum.mjs': 'export const sum = () => process.exit(0);\n' },
    ends: 'NO_TESTS or TESTS_FAILED',
  },
  {
    name: 'forges the report and exits with 0, where the runner is another process',
    spec: { ...within, ...namedXml },
    does: module(
      `import { writeFileSync } from 'node:fs';\nwriteFileSync('/tmp/report.xml', '${XML}');\nprocess.exit(0);`,
    ),
    ends: 'NO_TESTS or TESTS_FAILED',
  },
  {
    name: 'forges the report and kills the runner',
    spec: { ...within, ...namedXml },
    does: module(
      `import { writeFileSync } from 'node:fs';\nwriteFileSync('/tmp/report.xml', '${XML}');\nprocess.kill(process.ppid, 'SIGKILL');`,
    ),
    ends: 'LIMITS',
  },
  {
    name: 'ends the runner gently and forges the report',
    spec: { ...within, ...namedXml },
    does: module(
      `import { writeFileSync } from 'node:fs';\nprocess.kill(process.ppid, 'SIGTERM');\nwriteFileSync('/tmp/report.xml', '${XML}');`,
    ),
    ends: 'NO_TESTS or TESTS_FAILED',
  },
  {
    name: 'prints to the report that all passed',
    spec: apart,
    does: sh(`printf ${FORGED} >> ${PAST}`),
    ends: 'TESTS_FAILED',
  },
  {
    name: 'adds a passed test of the same name to the report',
    spec: { ...apart, ...named },
    does: sh('case $1 in 2) echo "ok 3 - adds" >> report.tap ;; esac'),
    ends: 'NO_TESTS',
  },
  {
    name: 'prints that all passed and kills the script',
    spec: printed,
    does: sh(`printf ${FORGED} > ${PAST}; kill -KILL ${RUNNER}`),
    ends: 'LIMITS',
  },
  {
    name: 'prints that all passed and ends the script gently',
    spec: printed,
    does: sh(`printf ${FORGED} > ${PAST}; kill ${RUNNER}`),
    ends: 'NO_TESTS',
  },
  {
    name: 'kills the tests’ shell and all else',
    spec: printed,
    does: sh(`printf ${FORGED} > ${PAST}; kill -KILL -1`),
    ends: 'LIMITS',
  },
  {
    name: 'prints a mark of its own around a report',
    spec: printed,
    does: sh(
      `m=evalpool-$(printf '%032d' 1); printf "\\n$m\\nok 1 - adds\\nok 2 - adds nothing\\n1..2\\n\\n$m\\n" > ${PAST}`,
    ),
    ends: 'NO_TESTS or TESTS_FAILED',
  },
  {
    name: 'prints so much that the report is pushed away',
    spec: printed,
    does: sh(`printf ${FORGED} > ${PAST}; head -c 33M /dev/zero | tr '\\0' '\\n' > ${PAST}`),
    ends: 'NO_TESTS',
  },
  {
    name: 'prints the end of the report before the tests fail',
    spec: between,
    does: sh(`printf ${FORGED} > ${PAST}; echo '>>>>> End' > ${PAST}`),
    ends: 'NO_TESTS',
  },
  {
    name: 'prints a second report between the texts',
    spec: between,
    does: sh(`{ echo '>>>>> Start'; printf ${FORGED}; echo '>>>>> End'; } > ${PAST}`),
    ends: 'NO_TESTS',
  },
  {
    name: 'puts a link to a prepared report in place of the report',
    spec: apart,
    does: { ...sh('ln -sf prepared.tap report.tap'), 'prepared.tap': 'ok 1 - adds\n1..1\n' },
    ends: 'NO_TESTS',
  },
  {
    name: 'puts a pipe in place of the report',
    spec: apart,
    does: sh('rm -f report.tap; mkfifo report.tap 2>/dev/null'),
    ends: 'NO_TESTS',
  },
  {
    name: 'leaves a process that rewrites the report once the tests are over',
    spec: apart,
    does: sh(
      `( while kill -0 ${RUNNER} 2>/dev/null; do :; done; sleep 1; printf ${FORGED} > report.tap ) >/dev/null 2>&1 &`,
    ),
    ends: 'TESTS_FAILED',
  },
  {
    name: 'never ends, and ignores that it is asked to',
    spec: { ...apart, timeouts: { test: 1 } },
    does: sh("trap '' TERM INT HUP; while :; do sleep 1; done"),
    ends: 'TEST_TIMED_OUT',
  },
  {
    name: 'writes the reward itself',
    spec: rewarded,
    does: sh('echo 1 > /tmp/logs/reward.txt; chmod 400 /tmp/logs/reward.txt'),
    ends: 'TESTS_FAILED',
  },
  {
    name: 'puts a link in place of the reward',
    spec: rewarded,
    does: { ...sh('ln -sf "$PWD/one" /tmp/logs/reward.txt'), one: '1\n' },
    ends: 'NO_REWARD',
  },
  {
    name: 'gives a score that is no number, to a script that writes it as the reward',
    spec: {
      reward: { path: '/tmp/logs/reward.txt' },
      test: 'score=$(bash sum.sh 0 1); echo "$score" > /tmp/logs/reward.txt',
    },
    does: { 'sum.sh': 'echo nan\n' },
    ends: 'NO_REWARD',
  },
];
