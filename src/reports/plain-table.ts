import Table from 'cli-table3';

const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
  ]),
);
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 };

/** A table without lines and colours. */
export function plainTable(head: string[]): Table.Table {
  return new Table({ head, chars: NO_LINES, style: PLAIN });
}
