import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EvalpoolError } from '../../../src/errors.ts';
import { readEntries } from '../../../src/intake/formats/read-entries.ts';
import { readRows } from '../../../src/intake/formats/read-rows.ts';
import { all, write } from '../items.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-rows-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(name: string, content: string | Buffer): Promise<unknown[]> {
  const rows = await all(readRows(write(join(folder, name), content)));
  return rows.map((row) => {
    if ('bad' in row) return `${row.bad.source.split('/').at(-1)}: ${row.bad.problems[0]?.message}`;
    const line = row.source.split(':').at(-1);
    return row.key === undefined ? [line, row.value] : [line, row.key, row.value];
  });
}

const tricky = { 'a"]}': ['{,}', { b: '\\"', c: '\n é 💥' }], d: [] };

test.each([
  ['a.json', JSON.stringify([tricky, 1, 'x,y', [], null])],
  ['b.json', JSON.stringify([tricky, 1, 'x,y', [], null], null, 1).replaceAll('\n', ' ')],
  ['c.json.gz', gzipSync(`\ufeff[${JSON.stringify(tricky)} ,1 ,"x,y",[],null]  `)],
  ['d.jsonl', [tricky, 1, 'x,y', [], null].map((row) => JSON.stringify(row)).join('\n')],
])('%s holds the same rows', async (name, content) => {
  const rows = await read(name, content);
  expect(rows.map((row) => (Array.isArray(row) ? row[1] : row))).toEqual([tricky, 1, 'x,y', [], null]);
});

test('an object is read by its keys, each with the line it begins on', async () => {
  const content = '{\n  "a": {"x": [1, 2]},\n\n  "b,": "c"\n}\n';
  expect(await read('keyed.json', content)).toEqual([
    ['2', 'a', { x: [1, 2] }],
    ['4', 'b,', 'c'],
  ]);
});

test('what is no JSON in the middle is told, and the rest is read', async () => {
  expect(await read('bad.json', '[1,\n nope,\n 3]')).toEqual([
    ['1', 1],
    expect.stringMatching(/^bad\.json:2: is not JSON: /),
    ['3', 3],
  ]);
});

test.each([
  ['half.json', '[1, 2', 'half.json:1: is no whole JSON list or object'],
  ['none.json', '7', 'none.json:1: expected a JSON list or object'],
  [
    'lines.json',
    '{"a": 1}\n{"a": 2}',
    'lines.json:2: goes on after its end; JSON Lines belong in a .jsonl file',
  ],
  ['x.parquet', 'PAR1', 'expected JSON or JSON Lines'],
])('%s cannot be read, and it says why', async (name, content, why) => {
  await expect(read(name, content)).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining(why),
  });
});

test('an entry may come in any pieces, and one too long does not stop the others', async () => {
  const bytes = Buffer.from(`[{"é": "${'x'.repeat(40)}"}, "${'y'.repeat(80)}", [2]]`);
  for (const size of [1, 2, 3, 7, 1000]) {
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const entries = await all(readEntries({ name: 'x', folder, open: chunks }, 60));
    expect(entries.map(({ text, refused }) => text ?? refused)).toEqual([
      `{"é": "${'x'.repeat(40)}"}`,
      'expected an entry of at most 60 bytes',
      '[2]',
    ]);
  }
});

test('any JSON list, cut anywhere and spaced at will, gives the entries that JSON.parse gives', async () => {
  const whole = fc.array(fc.jsonValue({ maxDepth: 3 }));
  await fc.assert(
    fc.asyncProperty(
      whole,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 3 }),
      async (list, size, indent) => {
        const bytes = Buffer.from(JSON.stringify(list, null, indent));
        const chunks = async function* (): AsyncGenerator<Buffer> {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        };
        const entries = await all(readEntries({ name: 'x', folder, open: chunks }));
        expect(entries.map(({ text }): unknown => JSON.parse(text ?? ''))).toEqual(
          JSON.parse(bytes.toString()),
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('any bytes end in entries or in INPUT_UNREADABLE, never in another way', async () => {
  const pieces = fc.array(fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '\n', 'é'));
  await fc.assert(
    fc.asyncProperty(pieces, async (parts) => {
      const open = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from(parts.join(''));
      };
      const ended = await all(readEntries({ name: 'x', folder, open })).then(
        () => 'read',
        (error: unknown) => (error instanceof EvalpoolError ? error.code : error),
      );
      expect(['read', 'INPUT_UNREADABLE']).toContain(ended);
    }),
    { numRuns: 5000 },
  );
});
