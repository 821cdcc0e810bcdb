import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Shown } from './draw-panel.ts';
import type { Plan } from './lay-out.ts';
import { DASHBOARDS } from './make-dashboards.ts';

/** The alerts and the series recorded for them. */
export const RULES = join(import.meta.dirname, '..', 'alerts', 'evalpool.rules.yml');

/** One question that a panel, a variable or a rule asks of Prometheus. */
export interface Asked {
  by: 'panel' | 'variable' | 'alert' | 'record';
  /** Where it stands: `night / Batches / spare`; of a rule its name. */
  where: string;
  /** Grafana's id of the unit; undefined: a variable or a rule. */
  unit: string | undefined;
  /** Whether the newest value is asked for, or a course. */
  instant: boolean;
  /** With Grafana's variables in it; `fillIn` puts values there. */
  expr: string;
}

const Texts = z.record(z.string(), z.string()).default({});
const Rule = z.object({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.string(),
  labels: Texts,
  annotations: Texts,
});
const RulesFile = z.object({ groups: z.array(z.object({ rules: z.array(Rule) })) });

/** Every query of every panel, variable, alert and record. */
export function readQueries(): Asked[] {
  const rules = readRules().map(({ alert, record, expr }): Asked => {
    const by = alert === undefined ? 'record' : 'alert';
    return { by, where: alert ?? record ?? '', unit: undefined, instant: true, expr };
  });
  return [...DASHBOARDS.flatMap(ofDashboard), ...rules];
}

/** Every rule, in the order of the file. */
export function readRules(): Array<z.output<typeof Rule>> {
  const { groups } = RulesFile.parse(parse(readFileSync(RULES, 'utf8')));
  return groups.flatMap(({ rules }) => rules);
}

/** What Prometheus gets when every variable is at “All”; the spans as `5m`, `1h`. */
export function fillIn(
  expr: string,
  { rateInterval, range }: { rateInterval: string; range: string },
): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replaceAll(/\$\w+/g, '.*');
}

function ofDashboard({ name, variables = [], rows }: Plan): Asked[] {
  const panels = rows.flatMap((row) => row.panels);
  const built = variables.map((variable) => variable.build());
  return [
    ...built.flatMap((variable) => ofVariable(`${name} / $${variable.name}`, variable.query)),
    ...panels.flatMap((panel) => ofPanel(name, panel)),
  ];
}

function ofPanel(dashboard: string, panel: Shown): Asked[] {
  const units = panel.as === 'table' ? panel.units : undefined;
  const instant = ['stat', 'bars', 'table'].includes(panel.as);
  return Object.entries(panel.shows).map(([legend, expr]) => {
    const unit = units?.[legend] ?? panel.unit;
    return { by: 'panel', where: `${dashboard} / ${panel.title} / ${legend}`, unit, instant, expr };
  });
}

// Grafana asks for `label_values(metric, label)` by the series API; this asks Prometheus for the same labels.
function ofVariable(where: string, query: unknown): Asked[] {
  const asked = typeof query === 'string' ? /^label_values\((\w+), (\w+)\)$/.exec(query) : null;
  if (!asked) return [];
  return [
    { by: 'variable', where, unit: undefined, instant: true, expr: `group by (${asked[2]}) (${asked[1]})` },
  ];
}
