import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { PromQueryFormat, DataqueryBuilder as Query } from '@grafana/grafana-foundation-sdk/prometheus';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DataSourceRef,
  type Panel,
  type ThresholdsConfig,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** The data source that the user picks at the top of a dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Grafana's ids of the units in use. Base units only: Grafana scales them. */
export type Unit =
  'short' | 's' | 'h' | 'percentunit' | 'currencyUSD' | 'bytes' | 'cps' | 'cpm' | 'dateTimeFromNow' | 'none';

/** What every panel says and asks. */
export interface About {
  title: string;
  /** What it shows, where the title does not say it. */
  what?: string;
  /** What it looks like when all is well. */
  good: string;
  /** What to do when it does not. */
  ifNot: string;
  unit: Unit;
  /** Of the 24 columns. */
  width: number;
  /** Legend to query; the legend may hold labels: `{{provider}}`. */
  shows: Readonly<Record<string, string>>;
  /** Colours from a value on; the first one, from below, has null. */
  colors?: ReadonlyArray<readonly [from: number | null, color: 'green' | 'orange' | 'red' | 'blue']>;
  /** Said instead of a value when there is none. */
  none?: string;
}

/** Whether a query asks for a course, for the newest value, or for columns of a table or a heatmap. */
export type Form = 'range' | 'instant' | 'table' | 'heatmap';

/** What the builders of all kinds of panels have in common. */
interface AnyPanel extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  span(width: number): this;
  height(height: number): this;
  unit(unit: string): this;
  noValue(text: string): this;
  withTarget(target: Builder<Dataquery>): this;
  thresholds(thresholds: Builder<ThresholdsConfig>): this;
}

/** Fills in what every panel has. */
export function begin<P extends AnyPanel>(panel: P, about: About, form: Form): P {
  const { title, what, good, ifNot, colors = [[null, 'green']], none = 'none yet' } = about;
  const says = [what, `**Good:** ${good}`, `**If not:** ${ifNot}`].filter((part) => part !== undefined);
  const steps = colors.map(([value, color]) => ({ value, color }));
  panel
    .title(title)
    .description(says.join('\n\n'))
    .datasource(DATASOURCE)
    .span(about.width)
    .height(8)
    .unit(about.unit)
    .noValue(none)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  for (const [at, [legend, expr]] of Object.entries(about.shows).entries())
    panel.withTarget(query({ expr, legend, refId: refId(at), form }));
  return panel;
}

/** `A`, `B`, …: how a panel calls its queries. */
export function refId(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at);
}

function query(ask: { expr: string; legend: string; refId: string; form: Form }): Query {
  const { form } = ask;
  const built = new Query().refId(ask.refId).expr(ask.expr).legendFormat(ask.legend).datasource(DATASOURCE);
  if (form === 'instant' || form === 'table') built.instant();
  else built.range();
  // Samples with the ids of an evaluation and its trace, shown as points beside the quantiles.
  built.exemplar(form === 'range' && ask.expr.startsWith('histogram_quantile'));
  if (form === 'table') return built.format(PromQueryFormat.Table);
  return built.format(form === 'heatmap' ? PromQueryFormat.Heatmap : PromQueryFormat.TimeSeries);
}
