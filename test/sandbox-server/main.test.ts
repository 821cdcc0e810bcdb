import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstLine, startProgram } from './start-program.ts';

const FAULTS = join(import.meta.dirname, '../../examples/faults.json');
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'evalpool-server-'));
  await chmod(home, 0o755); // the sandboxes' own users pass through it
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('the program says in one line where it listens, serves, and ends with all it holds on SIGTERM', async () => {
  const program = startProgram(home, ['--json', '--port', '0', '--home', home]);
  const said: { url: string; apiKey: string; wall: object } = JSON.parse(await firstLine(program));
  expect(said.wall).toMatchObject({ facts: expect.any(Array), networks: expect.any(Array) });
  const sandbox = await Sandbox.create({ apiUrl: said.url, sandboxUrl: said.url, apiKey: said.apiKey });
  const handle = await sandbox.commands.run('sleep 100', { background: true });
  const running = handle.wait();
  running.catch(() => {});
  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
  await expect(running).rejects.toThrow('terminated');
});

test('for people it names what to export and the walls in force', async () => {
  const played = ['--tier', 'hobby', '--max-sandboxes', '7', '--faults', FAULTS, '--seed', '9'];
  const program = startProgram(home, ['--home', home, ...played], { EVALPOOL_SANDBOX_KEY: 'chosen' });
  let text = '';
  for await (const chunk of program.stdout ?? []) {
    text += String(chunk);
    if (text.includes('Wall:')) break;
  }
  program.kill('SIGINT');
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(text).toMatch(/E2B_API_URL=http:\S+ E2B_SANDBOX_URL=http:\S+ E2B_API_KEY=\$EVALPOOL_SANDBOX_KEY$/m);
  expect(text).not.toContain('chosen');
  expect(text).toContain(
    'Tier hobby, --max-sandboxes: 7 sandboxes at once, 1 creations a second, sessions of 3600 s',
  );
  expect(text).toContain('Faults: 11 rules, seed 9');
  expect(text).toMatch(/1024 MB memory, \d+ cpus, 256 processes, 1024 MB disk/);
});

test('beyond loopback it wants a key, and of flags it wants sense', async () => {
  expect(await ending(['--host', '0.0.0.0'])).toEqual([2, expect.stringContaining('EVALPOOL_SANDBOX_KEY')]);
  expect(await ending(['--port', 'http'])).toEqual([
    2,
    expect.stringContaining("expected a whole number from 0 to 65535, got 'http'"),
  ]);
  expect(await ending(['--faults', 'none'])).toEqual([2, expect.stringContaining('--faults none: expected')]);
  expect(await ending(['--cgroups', 'v2'])).toEqual([
    2,
    expect.stringContaining("expected auto or none, got 'v2'"),
  ]);
  expect(await ending(['--wall', 'paper'])).toEqual([
    2,
    expect.stringContaining("--wall: expected bubblewrap or runsc, got 'paper'"),
  ]);
  expect(await ending(['--what'])).toEqual([2, expect.stringContaining('--what')]);
});

test('where the wall that is asked for is missing it says how to get it', async () => {
  const bare = await mkdtemp(join(home, 'path-'));
  await symlink('/usr/bin/perl', join(bare, 'perl'));
  const missing = [2, expect.stringContaining('runsc is missing: apt-get install runsc')];
  expect(await ending(['--home', home, '--wall', 'runsc'], { PATH: bare })).toEqual(missing);
  expect(await ending(['--home', home], { PATH: bare, EVALPOOL_WALL: 'runsc' })).toEqual(missing);
});

async function ending(flags: string[], env: Record<string, string> = {}): Promise<[unknown, string]> {
  const program = startProgram(home, flags, env);
  let text = '';
  program.stderr?.on('data', (chunk) => (text += String(chunk)));
  const [code] = await once(program, 'close');
  return [code, text];
}
