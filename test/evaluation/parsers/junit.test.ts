import { expect, test } from 'vitest';
import { parseReport } from '../../../src/evaluation/parsers/formats.ts';
import { noTests } from '../../../src/evaluation/parsers/reported.ts';

async function read(xml: string | Uint8Array) {
  const into = noTests();
  await parseReport('junit', typeof xml === 'string' ? Buffer.from(xml) : xml, into);
  return into.tests;
}

test('a report of pytest is read', async () => {
  const tests =
    await read(`<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="4">
    <testcase classname="tests.test_a.TestX" name="test_ok[1-&lt;a&gt;]" time="0.012" />
    <testcase classname="tests.test_a" name="test_bad" time="0.5"><failure message="assert 1 == 2">def test_bad():
E  assert 1 == 2</failure></testcase>
    <testcase classname="tests.test_a" name="test_skip"><skipped type="pytest.skip" message="no">x</skipped></testcase>
    <testcase classname="" name="tests.test_b"><error message="collection failure"><![CDATA[boom]]></error></testcase>
    </testsuite></testsuites>`);
  expect(tests).toEqual([
    { name: 'tests.test_a.TestX.test_ok[1-<a>]', status: 'passed', seconds: 0.012 },
    {
      name: 'tests.test_a.test_bad',
      status: 'failed',
      seconds: 0.5,
      message: 'assert 1 == 2\ndef test_bad():\nE  assert 1 == 2',
    },
    { name: 'tests.test_a.test_skip', status: 'skipped', message: 'no\nx' },
    { name: 'tests.test_b', status: 'error', message: 'collection failure\nboom' },
  ]);
});

test('suites within suites, and what a suite prints, do not confuse it', async () => {
  const tests = await read(
    `<testsuites><testsuite><properties><property name="a"/></properties><testsuite>
     <testcase name="deep"><system-out><![CDATA[<failure/>]]></system-out></testcase></testsuite>
     <testcase name="flat"/><system-err>x</system-err></testsuite></testsuites>`,
  );
  expect(tests.map((each) => [each.name, each.status])).toEqual([
    ['deep', 'passed'],
    ['flat', 'passed'],
  ]);
});

test('names and messages lose what could harm a terminal and are cut', async () => {
  const [one] = await read(
    `<testsuite><testcase name="a&#x1b;[31m\u202e${'n'.repeat(1000)}"><failure message="${'m'.repeat(5000)}"/></testcase></testsuite>`,
  ).catch(() => []);
  // XML 1.0 has no escape character: the report is refused, as any other that is not well-formed.
  expect(one).toBeUndefined();
  const [two] = await read(
    `<testsuite><testcase name="\u202e\u009b31m${'n'.repeat(1000)}"><failure message="${'m'.repeat(5000)}"/></testcase></testsuite>`,
  );
  expect(two?.name).toMatch(/^\ufffdn+…$/);
  expect(two?.name).toHaveLength(500);
  expect(two?.message).toHaveLength(1000);
});

test.each([
  ['cut in the middle', '<testsuite><testcase name="a"/>'],
  ['not XML', 'ok 1 - a'],
  ['empty', ''],
  ['two roots', '<a/><b/>'],
  ['an entity of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['deeply nested', '<a>'.repeat(100_000)],
  ['binary', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
])('a report that is %s cannot be used', async (_, xml) => {
  await expect(read(xml)).rejects.toMatchObject({ name: 'UnreadableReport' });
});

test('an entity bomb is refused before it grows', async () => {
  const bomb = `<!DOCTYPE a [<!ENTITY a "ha">${Array.from({ length: 30 }, (_, n) => `<!ENTITY a${n} "${`&a${n - 1};`.repeat(10)}">`).join('')}]><a>&a29;</a>`;
  await expect(read(bomb)).rejects.toMatchObject({ name: 'UnreadableReport' });
});

test('other work goes on while a large report is read', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  await read(`<testsuite>${'<testcase name="a" classname="b"/>'.repeat(40_000)}</testsuite>`);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
});

test('more tests than can be kept are refused', async () => {
  await expect(read(`<testsuite>${'<testcase name="a"/>'.repeat(50_001)}</testsuite>`)).rejects.toThrow(
    'more than 50000 tests',
  );
});
