import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chosenOf } from '../src/choose-provider.ts';
import { readConfig, type Config } from '../src/config.ts';
import { settingsEnvironment } from '../src/settings-environment.ts';

let file = '';
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'evalpool-providers-')), 'providers.json');
  const content = {
    hobby: { tier: 'hobby', keyFrom: 'HOBBY_KEY' },
    own: {
      tier: 'pro',
      keyFrom: 'OWN_KEY',
      createsPerS: 2.5,
      apiUrl: 'http://own',
      sandboxUrl: 'http://box',
    },
    local: { tier: 'local', maxSandboxes: 8 },
  };
  writeFileSync(file, JSON.stringify(content));
});
afterAll(() => rmSync(join(file, '..'), { recursive: true, force: true }));

const KEYS = { HOBBY_KEY: 'the-hobby-key', OWN_KEY: 'the-own-key' };
const read = (env: NodeJS.ProcessEnv = {}, chosen?: string): Config =>
  readConfig({ EVALPOOL_PROVIDERS: file, ...KEYS, ...env }, chosen);
const names = ({ providers }: Config): string[] => providers.map(({ name }) => name);

test('a name chooses from the file, the option before the variable', () => {
  expect(read({ EVALPOOL_PROVIDER: 'own' }).provider).toMatchObject({
    name: 'own',
    apiUrl: 'http://own',
    apiKey: 'the-own-key',
  });
  expect(read({ EVALPOOL_PROVIDER: 'own' }, 'hobby').provider).toMatchObject({ name: 'hobby' });
});

test('a name that nobody knows is refused with all that are known', () => {
  expect(() => read({ EVALPOOL_PROVIDER: 'hoby' })).toThrow(
    `EVALPOOL_PROVIDER: no provider is called 'hoby'; did you mean "hobby"?; there are hobby, own, local (${file})`,
  );
  expect(() => read({}, 'x')).toThrow(/^--provider: no provider is called 'x'/);
});

test('the provider of this machine is there without being chosen, but only who chooses it settles it', () => {
  const unchosen = read();
  expect(unchosen.provider).toMatchObject({ name: 'local', overrides: { maxSandboxes: 8 } });
  expect(names(unchosen)).toEqual(['hobby', 'own']);
  expect(() => chosenOf(unchosen)).toThrow('EVALPOOL_PROVIDER: expected one of hobby, own, got nothing');
  const local = read({ EVALPOOL_PROVIDER: 'local' });
  expect(names(local)).toEqual(['hobby', 'own', 'local']);
  expect(chosenOf(local).name).toBe('local');
});

test('without a file the variables describe the one provider, whatever its name', () => {
  const config = readConfig({
    EVALPOOL_PROVIDER: 'mine',
    EVALPOOL_TIER: 'pro',
    EVALPOOL_MAX_SANDBOXES: '300',
    EVALPOOL_RESERVE: '2',
    E2B_API_KEY: 'k',
  });
  expect(names(config)).toEqual(['mine']);
  expect(chosenOf(config)).toMatchObject({ overrides: { maxSandboxes: 300 }, reserve: 2, apiKey: 'k' });
});

test('variables of the one-provider form beside a file are refused, since one of the two would be ignored', () => {
  expect(() => read({ EVALPOOL_TIER: 'pro', E2B_API_URL: 'http://x' })).toThrow(
    /^EVALPOOL_TIER, E2B_API_URL: for one provider only/,
  );
});

test('a child gets the chosen provider whole, with its key and no other', () => {
  const given = settingsEnvironment(read({ EVALPOOL_PROVIDER: 'own' }));
  expect(JSON.stringify(given)).not.toContain('the-hobby-key');
  const { keyFrom: _, ...provider } = read({ EVALPOOL_PROVIDER: 'own' }).provider;
  expect(readConfig(given)).toMatchObject({ provider, providers: [provider] });
});
