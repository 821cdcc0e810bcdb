import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeDashboards } from '../../grafana/src/make-dashboards.ts';
import { PROCESS } from '../../grafana/src/promql.ts';
import { fillIn, readQueries, readRules } from '../../grafana/src/queries.ts';
import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { makeMetrics } from '../../src/metrics/metrics.ts';
import { readExpression } from './read-promql.ts';

/** What the test looks at of a file. */
type Read = Omit<Dashboard, 'panels'> & { panels: Array<Omit<Panel, 'targets'> & { targets?: dataquery[] }> };

const GRAFANA = join(import.meta.dirname, '..', '..', 'grafana');
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const BUILT_IN = ['__rate_interval', '__range'];
const SPANS = { rateInterval: '5m', range: '1h' };

const files = makeDashboards();
const dashboards = Object.entries(files).map(([file, text]): [string, Read] => [file, JSON.parse(text)]);

test('the committed dashboards are what npm run dashboards writes', () => {
  const folder = join(GRAFANA, 'dashboards');
  const committed = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
  expect(Object.fromEntries(committed)).toEqual(files);
});

test('each dashboard has a uid of its own, in the classic form that Grafana 10.3 and later load', () => {
  expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(dashboards.length);
  for (const [, dashboard] of dashboards) {
    expect(dashboard).toMatchObject({ id: null, schemaVersion: 39, tags: ['evalpool'] });
    expect(dashboard.uid).toMatch(/^[a-z-]{8,40}$/);
  }
});

describe.each(dashboards)('The dashboard %s', (_file, dashboard) => {
  const shown = dashboard.panels.filter(({ type }) => type !== 'row');
  const queries = shown.flatMap(({ targets = [] }) => targets);
  const variables = dashboard.templating.list ?? [];

  test('lets choose the data source, and every panel and query follows the choice', () => {
    const [first, ...others] = variables;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    for (const { datasource } of [...others, ...shown, ...queries]) expect(datasource).toEqual(DATASOURCE);
  });

  test.each(shown.map((panel) => [panel.title, panel] as const))(
    'says on “%s” what is good and what to do if it is not',
    (_title, { description, fieldConfig, targets = [] }) => {
      expect(description).toMatch(/\*\*Good:\*\* [^]+\.\n\n\*\*If not:\*\* [^]+\.$/);
      expect(Object.values(units)).toContain(fieldConfig?.defaults.unit);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    },
  );

  test('numbers its panels and lays none over another', () => {
    expect(dashboard.panels.map(({ id }) => id)).toEqual(dashboard.panels.map((_panel, at) => at + 1));
    const taken = dashboard.panels.flatMap(cells);
    expect(new Set(taken).size).toBe(taken.length);
    for (const { gridPos } of dashboard.panels)
      expect(gridPos && gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  test('uses no variable that it does not have', () => {
    const known = [...variables.map(({ name }) => name), ...BUILT_IN];
    const used = queries.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name = '']) => name));
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('Every query', () => {
  const known = labelsOfSeries();
  const queries = readQueries().map(({ where, expr }) => [where, fillIn(expr, SPANS)] as const);

  test.each(queries)(
    '%s is PromQL over metrics that are declared, by labels that they have',
    (_where, expr) => {
      const { selectors, groupedBy, errors } = readExpression(expr);
      expect(errors).toEqual([]);
      expect(selectors.length).toBeGreaterThan(0);
      for (const { name, labels } of selectors) {
        expect([...known.keys()]).toContain(name);
        expect(known.get(name)).toEqual(expect.arrayContaining(labels));
      }
      const theirs = selectors.flatMap(({ name }) => known.get(name) ?? []);
      expect(theirs).toEqual(expect.arrayContaining(groupedBy));
    },
  );
});

test('every metric is shown, or watched by an alert', () => {
  const asked = readQueries().flatMap(({ expr }) => readExpression(fillIn(expr, SPANS)).selectors);
  const names = asked.map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''));
  const unseen = Object.values(CATALOGUE).filter(({ name }) => !names.includes(`evalpool_${name}`));
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

test('what is asked of every process, every process exports', async () => {
  const { body } = await makeMetrics([]).text();
  // A histogram has no sample before the first collection of garbage.
  for (const name of Object.values(PROCESS)) expect(body).toContain(`# TYPE ${name.replace(/_sum$/, '')} `);
});

test('Grafana is told where the data source and the dashboards are', () => {
  expect(readProvisioned('datasources/prometheus.yml')).toMatchObject({
    apiVersion: 1,
    datasources: [
      { uid: 'evalpool-prometheus', type: 'prometheus', access: 'proxy', url: '${PROMETHEUS_URL}' },
    ],
  });
  expect(readProvisioned('dashboards/evalpool.yml')).toMatchObject({
    apiVersion: 1,
    providers: [{ name: 'evalpool', type: 'file', options: { path: '/etc/grafana/dashboards' } }],
  });
});

function readProvisioned(file: string): unknown {
  return parse(readFileSync(join(GRAFANA, 'provisioning', file), 'utf8'));
}

/** The places on the grid that a panel takes. */
function cells({ gridPos }: Pick<Panel, 'gridPos'>): string[] {
  const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 };
  return Array.from({ length: w * h }, (_cell, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
}

/** Names of series, as Prometheus stores them, with the labels that they have. */
function labelsOfSeries(): Map<string, readonly string[]> {
  const scraped = ['job', 'instance'];
  const known = new Map<string, readonly string[]>();
  for (const { kind, name, labels } of Object.values(CATALOGUE)) {
    if (kind !== 'histogram') known.set(`evalpool_${name}`, [...labels, ...scraped]);
    else
      for (const suffix of ['bucket', 'sum', 'count'])
        known.set(`evalpool_${name}_${suffix}`, [
          ...labels,
          ...scraped,
          ...(suffix === 'bucket' ? ['le'] : []),
        ]);
  }
  for (const name of Object.values(PROCESS)) known.set(name, scraped);
  for (const { record } of readRules()) if (record) known.set(record, [/^(\w+):/.exec(record)?.[1] ?? '']);
  return known;
}
