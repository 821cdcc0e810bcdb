import { parser } from '@prometheus-io/lezer-promql';

/** One selector of an expression: `evalpool_breaker{state="closed"}`. */
export interface Selector {
  text: string;
  name: string;
  /** Labels that it is narrowed by. */
  labels: string[];
}

/** What an expression asks for, read by Prometheus's own grammar. */
export interface ReadExpression {
  selectors: Selector[];
  /** Labels that results are grouped or joined by. */
  groupedBy: string[];
  /** What is no PromQL. */
  errors: string[];
}

/** Reads an expression, Grafana's variables filled in. */
export function readExpression(expr: string): ReadExpression {
  const read: ReadExpression = { selectors: [], groupedBy: [], errors: [] };
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      const text = expr.slice(from, to);
      if (name === '⚠') read.errors.push(`at ${from}: ${expr.slice(from)}`);
      if (name === 'VectorSelector') read.selectors.push({ text, name: '', labels: [] });
      const selector = read.selectors.at(-1);
      if (name === 'Identifier' && selector) selector.name = text;
      if (name !== 'LabelName') return;
      if (node.parent?.name === 'GroupingLabels') read.groupedBy.push(text);
      else selector?.labels.push(text);
    },
  });
  return read;
}
