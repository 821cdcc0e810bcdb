import type { TestStatus } from '../../result.ts';
import type { ReportedTests } from './reported.ts';

interface GoTest {
  name: string;
  status: TestStatus;
  seconds: number;
}

/** The tests of one Go package until its end is told. */
export interface GoPackage {
  begin(test: string): void;
  add(test: GoTest): void;
  /** Hands its tests on as `<package>.<test>`. One that began and never ended is in error, and so is a package that failed without a failed test. */
  end(as: { name: string; status: TestStatus }, into: ReportedTests): void;
  readonly untold: boolean;
}

/** A package of which nothing was told yet. */
export function openPackage(): GoPackage {
  const running = new Set<string>();
  const tests: GoTest[] = [];
  return {
    begin: (test) => running.add(test),
    add(test) {
      running.delete(test.name);
      tests.push(test);
    },
    end({ name, status }, into) {
      for (const test of tests) into.add({ ...test, name: `${name}.${test.name}` });
      for (const test of running)
        into.add({ name: `${name}.${test}`, status: 'error', message: 'it began and never ended' });
      const failed = running.size > 0 || tests.some((test) => test.status === 'failed');
      if (status === 'failed' && !failed)
        into.add({ name, status: 'error', message: 'the package failed, and no test of it' });
    },
    get untold() {
      return tests.length === 0 && running.size === 0;
    },
  };
}
