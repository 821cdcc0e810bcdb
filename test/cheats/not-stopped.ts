import type { Cheat } from './arena.ts';
import { apart, named, namedXml, within } from './specs.ts';

const FORGED = String.raw`'ok 1 - adds\nok 2 - adds nothing\n1..2\n'`;
const module = (text: string): Record<string, string> => ({
  'sum.mjs': `${text}\nexport const sum = (a, b) => a - b;\n`,
});

/** What nothing stops, as docs/outcomes.md says: the code under test is the test process, or knows the answers. */
export const NOT_STOPPED: Cheat[] = [
  {
    name: 'replaces the assertions of the process that loads it',
    spec: { ...within, ...namedXml },
    does: module(
      "import assert from 'node:assert';\nimport { syncBuiltinESMExports } from 'node:module';\nassert.equal = () => {};\nsyncBuiltinESMExports();",
    ),
    ends: '',
  },
  {
    name: 'returns what equals everything',
    spec: {
      report: { format: 'tap' },
      test: `node --input-type=module -e '
        import { sum } from "./sum.mjs";
        console.log((sum(2, 2).equals(4) ? "ok" : "not ok") + " 1 - adds\\n1..1")'`,
    },
    does: { 'sum.mjs': 'export const sum = () => ({ equals: () => true });\n' },
    ends: '',
  },
  {
    name: 'forges the report of the very process that it runs in, and exits with 0',
    spec: { ...apart, test: '( . ./sum.sh 2 2; false ) > report.tap' },
    does: { 'sum.sh': `printf ${FORGED}; exit 0\n` },
    ends: '',
  },
  {
    name: 'exits with 0 where the exit status alone decides',
    spec: { test: '. ./sum.sh 2 2; false' },
    does: { 'sum.sh': 'exit 0\n' },
    ends: '',
  },
  {
    name: 'answers by a table',
    spec: { ...apart, ...named },
    does: { 'sum.sh': 'case "$1 $2" in "2 2") echo 4 ;; *) echo 1 ;; esac\n' },
    ends: '',
  },
];
