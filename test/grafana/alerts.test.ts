import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readRules, RULES } from '../../grafana/src/queries.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(RULES, '..');

const Tried = z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()).default([]) });
const RuleTests = z.object({ tests: z.array(z.object({ alert_rule_test: z.array(Tried).default([]) })) });

const alerts = readRules().filter(({ alert }) => alert !== undefined);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.test.yml'))
  .flatMap((file) => RuleTests.parse(parse(readFileSync(join(FOLDER, file), 'utf8'))).tests);

describe.each(alerts.map((rule) => [rule.alert, rule] as const))(
  'The alert %s',
  (alert, { annotations, labels }) => {
    test('says what is wrong, and whether it wakes somebody', () => {
      expect(labels['severity']).toMatch(/^(page|ticket)$/);
      expect(annotations['summary']).toMatch(/^.{10,100}$/);
      expect(annotations['description']).toMatch(/\.$/);
    });

    test('has a runbook', () => {
      const [file = '', anchor] = (annotations['runbook_url'] ?? '').split('#');
      expect(anchorsOf(readFileSync(join(ROOT, file), 'utf8'))).toContain(anchor);
    });

    test('is tried where it fires and, in another case, where it must not', () => {
      const tried = cases
        .map(({ alert_rule_test }) => alert_rule_test.filter(({ alertname }) => alertname === alert))
        .filter((mine) => mine.length > 0)
        .map((mine) => mine.some(({ exp_alerts }) => exp_alerts.length > 0));
      expect(new Set(tried)).toEqual(new Set([true, false]));
    });
  },
);

test('no alert is tried that does not exist', () => {
  const tried = cases.flatMap(({ alert_rule_test }) => alert_rule_test.map(({ alertname }) => alertname));
  const names = alerts.map(({ alert }) => alert);
  expect(tried.filter((name) => !names.includes(name))).toEqual([]);
});

// As GitHub makes them of headings.
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
