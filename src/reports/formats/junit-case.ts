import { xmlText, xmlValue } from './xml-text.ts';

/** The element that says how a case ended; null for one that passed. */
export type JunitVerdict = 'failure' | 'error' | 'skipped' | null;

/** A `<testcase>` to be written. */
export interface JunitCase {
  className: string;
  name: string;
  seconds: number;
  verdict: JunitVerdict;
  type: string;
  message: string;
  /** Of an evaluation; null for one of its tests. */
  labels: Readonly<Record<string, string>> | null;
}

/** One test case. `tail`: the last lines of its log. */
export function junitCase(one: JunitCase, tail: string): string {
  const inside = [propertiesOf(one.labels ?? {}), verdictOf(one, tail)].join('');
  const head = `<testcase classname=${xmlValue(one.className)} name=${xmlValue(one.name)} time="${one.seconds.toFixed(3)}"`;
  return inside === '' ? `${head}/>\n` : `${head}>${inside}</testcase>\n`;
}

function propertiesOf(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(
    ([name, value]) => `<property name=${xmlValue(name)} value=${xmlValue(value)}/>`,
  );
  return all.length > 0 ? `<properties>${all.join('')}</properties>` : '';
}

function verdictOf({ verdict, type, message }: JunitCase, tail: string): string {
  if (verdict === null) return '';
  const typed = type === '' ? '' : ` type=${xmlValue(type)}`;
  return `<${verdict} message=${xmlValue(message)}${typed}>${xmlText(tail)}</${verdict}>`;
}
