import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  HeatmapCellLayout,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  type ReduceDataOptions,
} from '@grafana/grafana-foundation-sdk/common';
import { MappingType, type Panel, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as Heatmap,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Timeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as Lines } from '@grafana/grafana-foundation-sdk/timeseries';
import { begin, refId, type About, type Unit } from './panel.ts';

/** One of a few values that stand for a state. */
type States = Readonly<Record<number, readonly [text: string, color: 'green' | 'orange' | 'red']>>;

/** How the columns of a table differ from its panel. */
interface Columns {
  hidden?: readonly string[];
  units?: Readonly<Record<string, Unit>>;
  /** Columns whose values are coloured by the panel's `colors`. */
  colored?: readonly string[];
}

/**
 * A panel: `stat`, one big number for each series, or a word for its state; `lines`, a course for each series; `stack`, areas
 * that add up to a whole; `bars`, the newest values; `heatmap`, how many took how long; `timeline`, which state each was in;
 * `table`, a row for each set of labels and a column for each query, which the legend names.
 */
export type Shown = About &
  (
    | { as: 'lines' | 'stack' | 'bars' | 'heatmap' }
    | { as: 'stat'; states?: States }
    | { as: 'timeline'; states: States }
    | ({ as: 'table' } & Columns)
  );

/** Draws a panel as Grafana's own builders do. */
export function drawPanel(shown: Shown): Builder<Panel> {
  switch (shown.as) {
    case 'stat':
      return drawStat(shown, shown.states);
    case 'lines':
      return drawLines(shown).fillOpacity(5);
    case 'stack':
      return drawLines(shown)
        .fillOpacity(40)
        .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
    case 'bars':
      return drawBars(shown);
    case 'heatmap':
      return drawHeatmap(shown);
    case 'timeline':
      return drawTimeline(shown, shown.states);
    case 'table':
      return drawTable(shown, shown);
  }
}

function drawStat(about: About, states?: States): Stat {
  const panel = begin(new Stat(), about, 'instant')
    .reduceOptions(newest())
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None);
  return states ? panel.mappings(named(states)) : panel;
}

function drawLines(about: About): Lines {
  return begin(new Lines(), about, 'range')
    .lineWidth(1)
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .legend(legend())
    .tooltip(tooltip());
}

function drawBars(about: About): BarGauge {
  return begin(new BarGauge(), about, 'instant')
    .reduceOptions(newest())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic);
}

function drawHeatmap(about: About): Heatmap {
  const color = new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Blues').steps(64);
  return begin(new Heatmap(), about, 'heatmap')
    .calculate(false)
    .color(color.exponent(0.5).fill('dark-blue').reverse(false))
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .yAxis(new YAxisConfigBuilder().unit(about.unit).reverse(false))
    .mode(TooltipDisplayMode.Single)
    .showLegend();
}

function drawTimeline(about: About, states: States): Timeline {
  return begin(new Timeline(), about, 'range')
    .mappings(named(states))
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .legend(legend())
    .tooltip(tooltip());
}

function drawTable(about: About, { hidden = [], units = {}, colored = [] }: Columns): Table {
  const names = Object.keys(about.shows);
  const values = Object.fromEntries(names.map((name, at) => [valueColumn(names, at), name]));
  const excluded = Object.fromEntries(['Time', ...hidden].map((name) => [name, true]));
  const panel = begin(new Table(), about, 'table')
    .frameIndex(0)
    .showHeader(true)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: { excludeByName: excluded, renameByName: values } })
    .filterable(true);
  for (const [name, unit] of Object.entries(units)) panel.overrideByName(name, [{ id: 'unit', value: unit }]);
  for (const name of colored)
    panel.overrideByName(name, [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]);
  return panel;
}

// So Grafana names the value of a query once several are merged.
function valueColumn(names: readonly string[], at: number): string {
  return names.length > 1 ? `Value #${refId(at)}` : 'Value';
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
}

function tooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi);
}

function newest(): Builder<ReduceDataOptions> {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
}

function named(states: States): ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(states).map(([value, [text, color]], index) => [value, { text, color, index }]),
  );
  return [{ type: MappingType.ValueToText, options }];
}
