import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FORMAT_NAMES, usageOf } from '../../../src/intake/formats/formats.ts';

const docs = readFileSync(join(import.meta.dirname, '../../../docs/formats.md'), 'utf8');

test('docs/formats.md has the command line of every format, and says what becomes what', () => {
  const told = [...docs.matchAll(/^--format (.*)$/gm)].map(([, usage]) => usage);
  expect(told).toEqual(FORMAT_NAMES.map(usageOf));
  const rows = [...docs.matchAll(/^\| `([\w-]+)` +\| .* \| .* \| .* \| .* \|$/gm)].map(([, name]) => name);
  expect(rows.filter((name) => name !== undefined && FORMAT_NAMES.some((one) => one === name))).toEqual(
    FORMAT_NAMES,
  );
});
