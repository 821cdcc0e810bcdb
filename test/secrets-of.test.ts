import { expect, test } from 'vitest';
import { passwordOf, secretsOf } from '../src/secrets-of.ts';

test('variables whose name speaks of a secret are secrets, and headers for a collector are', () => {
  const env = {
    EVALPOOL_SECRET_REGISTRY: 'one',
    E2B_API_KEY: 'two',
    PGPASSWORD: 'three',
    GITHUB_TOKEN: 'four',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=five,Authorization=Bearer%20six',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=100%',
    EVALPOOL_HOME: '/home',
    EMPTY_TOKEN: '',
  };
  expect(secretsOf(env)).toEqual(['one', 'two', 'three', 'four', 'five', 'Bearer six', 'six', '100%']);
});

test.each([
  ['postgres://user:p%40ss@host/db', 'p@ss'],
  ['redis://:secret@host:6379', 'secret'],
  ['postgres://user@host/db', undefined],
  ['unix:///run/redis.sock', undefined],
  ['/run/redis.sock', undefined],
  [undefined, undefined],
])('the password of %s is %s', (url, password) => {
  expect(passwordOf(url)).toBe(password);
});
