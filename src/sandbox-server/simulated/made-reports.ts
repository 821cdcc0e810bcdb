/** How many tests of each kind a made report tells of. */
export interface TestCounts {
  pass: number;
  fail: number;
  skip: number;
}

/** A JUnit report. Its tests are named `simulated.pass 1` and so on. */
export function makeJunit(counts: TestCounts): string {
  const cases = namesOf(counts).map(({ name, kind }) => {
    const inside = { pass: '', fail: '<failure message="simulated"/>', skip: '<skipped/>' }[kind];
    return `  <testcase classname="simulated" name="${name}" time="0">${inside}</testcase>\n`;
  });
  const { pass, fail, skip } = counts;
  const head = `<testsuite name="simulated" tests="${pass + fail + skip}" failures="${fail}" skipped="${skip}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${cases.join('')}</testsuite>\n`;
}

/** The same in TAP. */
export function makeTap(counts: TestCounts): string {
  const lines = namesOf(counts).map(
    ({ name, kind }, at) =>
      `${kind === 'fail' ? 'not ok' : 'ok'} ${at + 1} - ${name}${kind === 'skip' ? ' # SKIP' : ''}\n`,
  );
  return `TAP version 13\n1..${lines.length}\n${lines.join('')}`;
}

function namesOf(counts: TestCounts): Array<{ name: string; kind: keyof TestCounts }> {
  return (['pass', 'fail', 'skip'] as const).flatMap((kind) =>
    Array.from({ length: counts[kind] }, (_, at) => ({ name: `${kind} ${at + 1}`, kind })),
  );
}
