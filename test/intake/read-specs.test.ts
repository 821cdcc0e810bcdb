import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withoutDoubles } from '../../src/intake/no-doubles.ts';
import { openInput } from '../../src/intake/open-input.ts';
import { pickSpecs } from '../../src/intake/pick.ts';
import { readLines } from '../../src/intake/read-lines.ts';
import { readSpecs } from '../../src/intake/read-specs.ts';
import { all, brief, write } from './items.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-intake-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (id: string, more: object = {}): string => JSON.stringify({ id, test: 'true', ...more });

async function read(content: string | Buffer, name = 'b.jsonl'): Promise<string[]> {
  const inputs = await openInput(write(join(folder, name), content));
  return brief(await all(readSpecs(inputs, 'local')), folder);
}

test('a byte order mark, CRLF, blank lines and a missing last line end do no harm', async () => {
  expect(await read(`\ufeff${line('a')}\r\n\r\n  \r\n${line('b')}\r\n\n${line('c')}`)).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test('a bad line is told with file and line, and the lines after it are read', async () => {
  const lines = [line('a'), '{"id": "b"', '[]', '"text"', 'null', '42', line('c')];
  const told = await read(lines.join('\n'));
  expect(told[0]).toBe('a');
  expect(told[1]).toMatch(/^b\.jsonl:2: is not JSON: /);
  expect(told.slice(2)).toEqual([
    'b.jsonl:3: expected an object, there was a list of 0',
    'b.jsonl:4: expected an object, there was "text"',
    'b.jsonl:5: expected an object, there was null',
    'b.jsonl:6: expected an object, there was 42',
    'c',
  ]);
});

test('a message names the field, what was expected and what was there', async () => {
  const cases: Array<[object, string]> = [
    [{ id: 5 }, 'id: expected text, there was 5'],
    [{ id: '' }, 'id: expected text of at least 1 character, there was ""'],
    [{ id: 'a\u0007' }, 'id: expected text without control characters, there was "a\\u0007"'],
    [{ id: 'a\ud800' }, 'id: expected well-formed Unicode'],
    [{ test: undefined }, 'test: is required: text or a list'],
    [{ test: ['a', 1] }, 'test[1]: expected text, there was 1'],
    [{ test: '  ' }, 'test: expected a script, there was only blank space'],
    [{ sample: 1.5 }, 'sample: expected a whole number, there was 1.5'],
    [{ sample: 3_000_000_000 }, 'sample: expected a number at most 2147483647'],
    [{ timeouts: { test: -1 } }, 'timeouts.test: expected a number more than 0, there was -1'],
    [{ timeouts: { tset: 3 } }, 'timeouts.tset: is no field of a spec; did you mean "test"?'],
    [{ smaple: 1 }, 'smaple: is no field of a spec; did you mean "sample"?'],
    [{ test_patch: '' }, 'test_patch: is no field of a spec; did you mean "testPatch"?'],
    [{ fetch: 'magic' }, 'fetch: expected one of "auto", "sandbox", "evaluator", there was "magic"'],
    [{ patch: { base64: '$$' } }, 'patch.base64: expected bytes in base64, there was "$$"'],
    [{ patch: 7 }, 'patch: expected text or an object, there was 7'],
    [{ env: { '1A': 'x' } }, 'env.1A: expected a name that is a variable name, there was "1A"'],
    [
      { report: { format: 'junit' } },
      'report.path: is required: where the test script leaves its junit report',
    ],
    [{ expect: { failToPass: ['t'] } }, 'report: is required: `expect` names tests that only a report tells'],
    [{ ref: '--upload-pack=x' }, 'ref: starts with "-", which git would read as an option'],
    [{ repo: 'ext::sh -c id' }, "repo: git's helper transports (name::) are not allowed"],
  ];
  const told = await read(cases.map(([more]) => line('x', more)).join('\n'));
  expect(told).toEqual(cases.map(([, message], at) => `b.jsonl:${at + 1}: ${message}`));
});

test('a field that resembles nothing gets the list of known ones', async () => {
  const [told] = await read(line('x', { network: { everything: 'nat' } }));
  expect(told).toBe(
    'b.jsonl:1: network.everything: is no field of a spec; known here: fetch, setup, build, test',
  );
});

test('everything that is wrong with a line is told, up to a bound', async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`unknown-thing-${n}`, 1]));
  const [told = ''] = await read(line('x', many));
  expect(told.match(/is no field/g)).toHaveLength(8);
  expect(told).toMatch(/; and 32 more$/);
});

test('a line that is too long is refused in memory that does not grow with it, and reading goes on', async () => {
  const megabyte = 1024 * 1024;
  const before = process.memoryUsage().arrayBuffers;
  let grown = 0;
  const chunks = (async function* () {
    yield Buffer.from('short\n');
    for (let n = 0; n < 400; n += 1) yield Buffer.alloc(megabyte, 'x');
    grown = process.memoryUsage().arrayBuffers - before;
    yield Buffer.from('\nafter');
  })();
  const lines = await all(readLines(chunks, 10_000));
  expect(lines.map(({ number, text, refused }) => [number, text ?? refused])).toEqual([
    [1, 'short'],
    [2, 'expected a line of at most 10000 bytes'],
    [3, 'after'],
  ]);
  expect(grown).toBeLessThan(250 * megabyte);
});

test('characters that lie across two chunks stay whole, and bytes that are no UTF-8 are told', async () => {
  const euro = Buffer.from('€\n');
  const split = (async function* () {
    yield euro.subarray(0, 1);
    yield euro.subarray(1);
    yield Buffer.from([0xff, 0xfe, 0x41, 0x00, 10]);
  })();
  expect((await all(readLines(split))).map(({ text, refused }) => text ?? refused)).toEqual([
    '€',
    'expected UTF-8 text',
  ]);
});

test('a folder stands for its *.jsonl in order, and a .gz is unpacked', async () => {
  write(join(folder, 'd', 'b.jsonl'), line('two'));
  write(join(folder, 'd', 'a.jsonl'), line('one'));
  write(join(folder, 'd', 'notes.txt'), 'not read');
  const inputs = await openInput(join(folder, 'd'));
  expect(brief(await all(readSpecs(inputs, 'local')), folder)).toEqual(['one', 'two']);
  expect(await read(gzipSync(line('packed')), 'c.jsonl.gz')).toEqual(['packed']);
});

test('what cannot be read is an error that names it', async () => {
  await expect(openInput(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  await expect(openInput(folder)).rejects.toThrow(/holds no \*\.jsonl file/);
  await expect(read('no gzip', 'broken.jsonl.gz')).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
});

test('a relative repo is relative to its file', async () => {
  const inputs = await openInput(write(join(folder, 'sub', 'b.jsonl'), line('a', { repo: '../code' })));
  const [item] = await all(readSpecs(inputs, 'local'));
  expect(item).toMatchObject({ candidate: { spec: { repo: join(folder, 'code') } } });
});

test('a doubled id and sample names both lines', async () => {
  const inputs = await openInput(
    write(
      join(folder, 'b.jsonl'),
      [line('a'), line('a', { sample: 1 }), line('a', { sample: 0 })].join('\n'),
    ),
  );
  const told = brief(await all(withoutDoubles(readSpecs(inputs, 'local'))), folder);
  expect(told).toEqual(['a', 'a', 'b.jsonl:3: id: "a" sample 0 is there already: b.jsonl:1']);
});

test('filters narrow by label and by glob over ids, and a limit counts what is left', async () => {
  const specs = [
    line('django__1', { labels: { language: 'python' } }),
    line('django__2', { labels: { language: 'js' } }),
    line('HumanEval/3', { labels: { language: 'python' } }),
    line('django__4', { labels: { language: 'python' } }),
  ];
  const inputs = await openInput(write(join(folder, 'b.jsonl'), specs.join('\n')));
  const pick = async (filters: string[], limit?: number): Promise<string[]> =>
    brief(await all(pickSpecs(readSpecs(inputs, 'local'), { filters, limit })), folder);
  expect(await pick(['language=python'])).toEqual(['django__1', 'HumanEval/3', 'django__4']);
  expect(await pick(['django__*', 'language=python'])).toEqual(['django__1', 'django__4']);
  expect(await pick(['Human*'])).toEqual(['HumanEval/3']);
  expect(await pick(['HumanEval/3'])).toEqual(['HumanEval/3']);
  expect(await pick(['language=python'], 2)).toEqual(['django__1', 'HumanEval/3']);
  expect(await pick(['constructor=x'])).toEqual([]);
});
