import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { useStack, type Stack } from '../src/local/use-stack.ts';
import { makeLog } from '../src/log.ts';

// OpenAI's problems are real input, not part of this project.
const PROBLEMS = join(import.meta.dirname, '..', '..', 'shared', 'data', 'HumanEval.jsonl');
const CLI = join(import.meta.dirname, '..', 'dist', 'src', 'cli', 'main.js');
const LOOK_ALIKE = ['TAP version 13', '1..1', 'ok 1 - check', 'PASSED', '1 passed', 'OK'];
const CHEATS = {
  'returns None': 'return None',
  'leaves by os._exit(0)': 'import os; os._exit(0)',
  'raises SystemExit(0)': 'raise SystemExit(0)',
  'prints what a passing run prints': `print(${JSON.stringify(LOOK_ALIKE.join('\n'))}, flush=True); import os; os._exit(0)`,
};

describe.skipIf(!existsSync(PROBLEMS))(`HumanEval (skipped where ${PROBLEMS} is absent)`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-test-'));
  chmodSync(folder, 0o711);
  const home = join(folder, 'home');
  let stack: Stack;

  beforeAll(async () => {
    stack = await useStack(readConfig({ EVALPOOL_HOME: home }), { log: makeLog('test', 'silent') });
  });
  afterAll(async () => {
    await stack.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  async function summaryOf(...args: string[]): Promise<unknown> {
    const argv = [CLI, 'run', '--json', '--format', 'humaneval', '--problems', PROBLEMS, ...args];
    const env = { ...process.env, EVALPOOL_HOME: home };
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: folder, env });
    return JSON.parse(stdout);
  }

  test('passes all 164 reference solutions', async () => {
    expect(await summaryOf('--gold')).toMatchObject({ outcomes: { passed: 164, failed: 0 }, completion: 1 });
  });

  test.each(Object.entries(CHEATS))('passes no body that %s', async (name, body) => {
    const lines = readFileSync(PROBLEMS, 'utf8').trim().split('\n');
    const samples = lines.slice(0, 20).map((line) => {
      const { task_id: taskId }: { task_id: string } = JSON.parse(line);
      return JSON.stringify({ task_id: taskId, completion: `    ${body}\n` });
    });
    const file = join(folder, `${name.replaceAll(/\W/g, '-')}.jsonl`);
    writeFileSync(file, samples.join('\n'));
    const told = `${file}_results`;
    expect(await summaryOf(file, '--min-completion', '0', '--export', `humaneval=${told}`)).toMatchObject({
      outcomes: { passed: 0, failed: 20 },
    });
    const results: unknown[] = readFileSync(told, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const expected = { passed: false, result: expect.stringMatching(/^failed: ./) };
    expect(results).toEqual(samples.map((sample) => ({ ...JSON.parse(sample), ...expected })));
  });
});
