import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CATALOGUE, type Declared } from '../../src/metrics/catalogue.ts';
import { drawPanel, type Shown } from './draw-panel.ts';
import { DATASOURCE } from './panel.ts';

/** All of ours carry it, so that each links to the others. */
const TAG = 'evalpool';
/** The newest classic form that Grafana 10.3 and all later ones load. */
const SCHEMA_VERSION = 39;

/** Panels under a heading. */
export interface Row {
  title: string;
  panels: readonly Shown[];
}

/** A dashboard as it is thought of. */
export interface Plan {
  /** Name of its file, and the end of its uid. */
  name: string;
  title: string;
  about: string;
  /** Beside the data source and the provider. */
  variables?: ReadonlyArray<Builder<VariableModel>>;
  rows: readonly Row[];
}

/** The dashboard as Grafana reads it: the rows below each other, the panels numbered. */
export function layOut({ name, title, about, variables = [], rows }: Plan): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .id(null)
    .uid(`evalpool-${name}`)
    .description(about)
    .tags([TAG])
    .timezone('browser')
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-12h', to: 'now' })
    .refresh('30s')
    .variables([datasource(), choice(CATALOGUE.slotsLimit, 'provider'), ...variables])
    .links([
      new DashboardLinkBuilder('evalpool')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .keepTime(true)
        .includeVars(true),
    ]);
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(drawPanel(panel));
  }
  const json = dashboard.build();
  for (const [at, panel] of (json.panels ?? []).entries()) panel.id = at + 1;
  return { ...json, schemaVersion: SCHEMA_VERSION };
}

/** A variable with the values that a label has; all of them unless some are picked. */
export function choice<L extends string>(
  metric: Declared<'histogram' | 'counter' | 'gauge', L>,
  label: NoInfer<L>,
): Builder<VariableModel> {
  const suffix = metric.kind === 'histogram' ? '_count' : '';
  return (
    new QueryVariableBuilder(label)
      .label(label)
      .datasource(DATASOURCE)
      .query(`label_values(evalpool_${metric.name}${suffix}, ${label})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- a builder, no array
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ text: 'All', value: '$__all' })
  );
}

function datasource(): Builder<VariableModel> {
  return new DatasourceVariableBuilder('datasource').label('data source').type('prometheus');
}
