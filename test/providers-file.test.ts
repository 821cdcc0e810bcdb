import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf } from '../src/provider-config.ts';
import { readProvidersFile } from '../src/providers-file.ts';
import { tierOf } from '../src/slots/tiers.ts';

let file = '';
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'evalpool-providers-')), 'providers.json');
});
afterAll(() => rmSync(join(file, '..'), { recursive: true, force: true }));

function read(content: unknown, env: NodeJS.ProcessEnv = {}): ReturnType<typeof readProvidersFile> {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readProvidersFile(file, env);
}

function refusal(content: unknown): string {
  try {
    read(content);
  } catch (error) {
    return String(error).replaceAll(file, 'FILE');
  }
  throw new Error('it was not refused');
}

const pro = { tier: 'pro', keyFrom: 'PRO_KEY' };
/** A key as E2B makes them. */
const KEY = 'e2b_0123456789abcdef0123456789abcdef01234567';

test('a provider is its tier with what differs from it, and has the key of the variable that it names', () => {
  const [big, plain] = read(
    {
      big: { ...pro, maxSandboxes: 500, usdPerGibS: 0.5, reserve: 7, template: 'own', networks: ['nat'] },
      plain: { ...pro, keyFrom: 'OTHER_KEY' },
    },
    { PRO_KEY: KEY, OTHER_KEY: '' },
  );
  expect(big).toMatchObject({ name: 'big', reserve: 7, template: 'own', networks: ['nat'], apiKey: KEY });
  expect(tierOf(big!)).toMatchObject({
    name: 'pro',
    maxSandboxes: 500,
    createsPerS: 5,
    longestSessionS: 86_400,
    usdPerCpuS: 0.000014,
    usdPerGibS: 0.5,
  });
  expect(tierOf({ ...big!, concurrency: 9 }).maxSandboxes).toBe(9);
  expect(tierOf({ ...big!, concurrency: 900 }).maxSandboxes).toBe(500);
  expect(keyOf(big!)).toBe(KEY);
  // Only who needs it misses it.
  expect(() => keyOf(plain!)).toThrow('provider plain: its key is expected in OTHER_KEY, which is not set');
});

test.each([
  ['text that is not JSON', '{\n "a": {,}', 'is not JSON, line 2'],
  ['a list', [], 'expected an object, there was a list of 0'],
  ['no provider', {}, 'expected at least one provider, there was an object (0 fields)'],
  [
    'a misspelt field',
    { pro: { ...pro, maxSandbox: 1 } },
    'pro.maxSandbox: is no field of a provider; did you mean "maxSandboxes"?',
  ],
  [
    'an unknown tier',
    { pro: { ...pro, tier: 'gold' } },
    'pro.tier: expected one of "local", "hobby", "pro", there was "gold"',
  ],
  ['no tier', { pro: { keyFrom: 'K' } }, 'pro.tier: is required: one of "local", "hobby", "pro"'],
  [
    'a limit that is none',
    { pro: { ...pro, createsPerS: 0 } },
    'pro.createsPerS: expected a number more than 0, there was 0',
  ],
  [
    'half a sandbox',
    { pro: { ...pro, maxSandboxes: 0.5 } },
    'pro.maxSandboxes: expected a whole number, there was 0.5',
  ],
  [
    'a place that is no URL',
    { pro: { ...pro, apiUrl: 'ftp://a' } },
    'pro.apiUrl: expected an http or https URL, there was "ftp://a"',
  ],
  [
    'no key',
    { pro: { tier: 'pro' } },
    'pro.keyFrom: is required: the name of the variable that holds its key',
  ],
  ['a name with a colon', { 'a:b': pro }, 'a:b: expected a name that is letters, digits, . _ -'],
])('%s is refused by file and field', (_, content, why) => {
  expect(refusal(content)).toContain(`EVALPOOL_PROVIDERS: FILE: ${why}`);
});

test('all that is wrong is told at once', () => {
  const told = refusal({ a: { ...pro, reserve: -1 }, b: { tier: 'pro', keyFrom: 'K', networks: ['wifi'] } });
  expect(told).toContain(
    'a.reserve: expected a number at least 0, there was -1; b.networks[0]: expected one of',
  );
});

test.each([
  ['in keyFrom', { pro: { ...pro, keyFrom: KEY } }],
  ['in a field of its own', { pro: { ...pro, apiKey: KEY } }],
  ['in a field of its own, however short', { pro: { ...pro, token: 'hunter2' } }],
  ['in an address', { pro: { ...pro, apiUrl: `https://example.org/?k=${KEY}` } }],
  ['as a password in an address', { pro: { ...pro, apiUrl: 'https://me:hunter2@example.org' } }],
  ['as a template', { pro: { ...pro, template: '0123456789abcdef0123456789abcdef' } }],
  ['as the name of a field', { pro: { ...pro, [KEY]: 1 } }],
  ['as the name of a provider', { [KEY]: pro }],
])('a key %s is refused with what to do instead, and not repeated', (_, content) => {
  const told = refusal(content);
  expect(told).toMatch(/holds something like a key, .*name that in `keyFrom`/);
  expect(told).not.toMatch(/hunter2|0123456789abcdef/);
});

test('a key in what is not even JSON is not repeated either', () => {
  expect(refusal(`{"pro": ${KEY}}`)).not.toContain('0123456789abcdef');
});

test('a file that is not there is named', () => {
  expect(() => readProvidersFile('/nowhere/p.json', {})).toThrow(/EVALPOOL_PROVIDERS: .*\/nowhere\/p\.json/);
});
