import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EvalpoolError } from '../src/errors.ts';
import { logTo, type Log } from '../src/log.ts';
import type { LogLevel } from '../src/log-level.ts';

/** A log whose lines can be read. */
function openLog(
  level: LogLevel,
  secrets: readonly string[] = [],
): { log: Log; lines: () => unknown[]; text: () => string } {
  let text = '';
  const log = logTo({ write: (line) => (text += line) }, { kind: 'evaluator', level, secrets });
  const lines = (): unknown[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line): unknown => JSON.parse(line));
  return { log, lines, text: () => text };
}

test('a line says when, how bad, which process of which machine, what it is about, and what happened', () => {
  const { log, lines } = openLog('info');
  log.about({ evaluation: '17', attempt: 2 }).about({ sandbox: 's' }).warn({ provider: 'p' }, 'it is slow');
  log.info('ready');
  expect(lines()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'warn',
      process: 'evaluator',
      host: expect.any(String),
      pid: process.pid,
      evaluation: '17',
      attempt: 2,
      sandbox: 's',
      provider: 'p',
      msg: 'it is slow',
    },
    expect.objectContaining({ level: 'info', msg: 'ready' }),
  ]);
});

test('a level that is changed holds at once, also for what was about something before', () => {
  const { log, lines } = openLog('info');
  const attempt = log.about({ evaluation: '1' });
  attempt.debug('not told');
  log.level = 'debug';
  attempt.debug('told');
  log.level = 'error';
  attempt.warn('not told either');
  expect(attempt.level).toBe('error');
  expect(lines()).toMatchObject([{ evaluation: '1', msg: 'told' }]);
});

// With what JSON, URLs and regular expressions escape; one is the beginning of another.
const SECRETS = [
  'e2b_0123456789abcdef',
  'p@ss/wörd:"100%"\\',
  'p@ss/wörd:"100%"\\ and more',
  '-----BEGIN KEY-----\nbG9uZyBzZWNyZXQ=\nc2Vjb25kIGxpbmU=\n-----END KEY-----',
  'a+b(c)[d]{e}?^$|.*',
];

test('no secret is in any line, wherever it was: words, fields, names of fields, errors, their causes and stacks', () => {
  const { log, text } = openLog('debug', SECRETS);
  for (const secret of SECRETS) {
    const cause = new Error(`the cause: ${secret}`);
    const error = new EvalpoolError('INTERNAL', `said ${secret} and ${encodeURIComponent(secret)}`, {
      cause,
    });
    log.error({ err: error }, `words ${secret}`);
    log
      .about({ evaluation: secret })
      .debug({ deep: { er: [{ still: `x${secret}x` }] }, [secret]: 1 }, 'fields');
    log.warn({ err: Object.assign(new Error('401'), { response: { body: secret } }) }, 'an answer');
    log.warn(JSON.stringify({ secret }));
    log.info(`https://example.org/?token=${encodeURIComponent(secret)}`);
  }
  const told = text();
  const forms = SECRETS.flatMap((secret) => [secret, ...secret.split('\n')]).flatMap((secret) => {
    const escaped = JSON.stringify(secret).slice(1, -1);
    return [secret, escaped, JSON.stringify(escaped).slice(1, -1), encodeURIComponent(secret)];
  });
  expect(forms.filter((form) => told.includes(form))).toEqual([]);
  expect(told.split('\n').filter(Boolean)).toHaveLength(5 * SECRETS.length);
});

test('users and passwords of addresses, and fields that hold keys, are hidden though nobody knew them', () => {
  const { log, lines, text } = openLog('info');
  log.info(
    'clone of https://ghp_token@github.com/a/b and postgres://u:p%40w@db:5432/x failed, see https://docs.example.org/@here',
  );
  const headers = { authorization: 'Bearer abc' };
  log.warn(
    { err: Object.assign(new Error('401'), { config: { headers }, apiKey: 'k-1' }), env: { A: 'k-2' } },
    'refused',
  );
  log.warn({ request: { headers }, options: { db: { password: 'k-3' } }, token: 'k-4' }, 'refused');
  expect(lines()[0]).toMatchObject({
    msg: 'clone of https://***@github.com/a/b and postgres://***@db:5432/x failed, see https://docs.example.org/@here',
  });
  expect(text()).not.toMatch(/ghp_token|p%40w|abc|k-\d/);
});

test('short values are left alone, so that a line stays what it is', () => {
  const { log, lines } = openLog('info', ['', 'a', '30', 'true']);
  log.info({ seconds: 30, passed: true }, 'a banana');
  expect(lines()).toMatchObject([{ seconds: 30, passed: true, msg: 'a banana' }]);
});

/** Runs a command on a terminal of its own, and returns what it shows there. */
function run(command: string): string {
  const told = ['--quiet', '--return', '--command', command, '/dev/null'];
  return execFileSync('script', told, { encoding: 'utf8' });
}

test('where standard error is a terminal the lines are for people, and else JSON', () => {
  const log = join(import.meta.dirname, '..', 'dist', 'src', 'log.js');
  const program = `import { makeLog } from ${JSON.stringify(log)}; makeLog("cli", "info").warn({ batch: "7" }, "words")`;
  const node = [process.execPath, '--input-type=module', '--eval', `'${program}'`].join(' ');
  expect(run(node)).toMatch(/^[\d:.]{12} {2}WARN {3}cli {2}words {2}batch=7\r\n$/);
  expect(JSON.parse(run(`${node} 2>&1 | cat`))).toMatchObject({ level: 'warn', batch: '7', msg: 'words' });
});
