import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { logFolder } from '../../src/reports/log-folder.ts';

const SAMPLES = 4;
const TESTS = 5;
const MODELS = ['alpha-7b', 'beta-32b', 'gamma-large'];
const LANGUAGES = ['python', 'go', 'rust', 'typescript'];
/** One in so many of what failed has its log. */
const LOGGED = 20;

/** Writes a results folder, and samples.jsonl beside it: tasks of four samples, each with labels, stages and tests. */
export async function makeRun(folder: string, evaluations: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const summary = { batch: 'night', provider: 'local', accepted: evaluations };
  await writeFile(join(folder, 'summary.json'), JSON.stringify(summary));
  const write = (name: string, lines: AsyncIterable<string>): Promise<void> =>
    pipeline(Readable.from(lines), createWriteStream(join(folder, name)));
  await write('results.jsonl', resultLines(folder, evaluations));
  await write('samples.jsonl', sampleLines(evaluations));
}

async function* resultLines(folder: string, evaluations: number): AsyncGenerator<string> {
  for (let index = 0; index < evaluations; index += 1) {
    const result = makeResult(index);
    if ('test' in result.logs && index % LOGGED === 0) await writeLog(folder, result.logs['test'] ?? '');
    yield `${JSON.stringify(result)}\n`;
  }
}

async function* sampleLines(evaluations: number): AsyncGenerator<string> {
  const completion = '    return sorted(values)[0]\n'.repeat(10);
  for (let index = 0; index < evaluations; index += 1)
    yield `${JSON.stringify({ task_id: taskOf(index), completion })}\n`;
}

async function writeLog(folder: string, log: string): Promise<void> {
  await mkdir(join(folder, log, '..'), { recursive: true });
  await writeFile(
    join(folder, log),
    `collected ${TESTS} items\n${'  File "t.py", line 3, in test\n'.repeat(200)}E  assert 1 == 2\n`,
  );
}

function taskOf(index: number): string {
  return `owner__repo-${Math.floor(index / SAMPLES)}`;
}

// Spread without chance, so that two runs of a bench meet the same data.
function makeResult(index: number): { logs: Record<string, string>; [more: string]: unknown } {
  const outcome = outcomeOf(index);
  const [id, sample] = [taskOf(index), index % SAMPLES];
  const failed = outcome === 'failed';
  return {
    id,
    sample,
    labels: {
      model: MODELS[index % 3],
      language: LANGUAGES[Math.floor(index / SAMPLES) % 4],
      shard: String(index % 1000),
    },
    source: `/data/batch.jsonl:${index + 1}`,
    outcome,
    reason: REASONS[outcome],
    failure:
      outcome === 'passed'
        ? null
        : {
            code: CODES[outcome],
            stage: failed ? 'test' : 'create',
            message: `1 of ${TESTS} tests failed in evaluation ${index}`,
            next: 'Read the test log.',
          },
    exitCode: failed ? 1 : 0,
    tests: Array.from({ length: TESTS }, (_, test) => ({
      name: `tests/test_module_${test}.py::TestCase::test_case_${index}`,
      status: failed && test === 0 ? 'failed' : 'passed',
      seconds: 0.01 * test,
      ...(failed && test === 0 ? { message: 'AssertionError: expected 1, got 2' } : {}),
    })),
    seconds: {
      queue: index % 60,
      create: 0.3,
      fetch: 1.1,
      setup: 4,
      patch: 0.1,
      build: 2,
      test: 1 + (index % 97) / 3,
      collect: 0.1,
      destroy: 0.1,
    },
    attempts: 1,
    sandboxSeconds: 10,
    costUsd: 0.0003,
    provider: 'local',
    template: 'base',
    logs: failed ? { test: join('logs', logFolder(id, sample), 'test.log') } : {},
    artifacts: [],
    startedAt: '2026-11-24T06:59:53.815Z',
    finishedAt: '2026-11-24T07:00:06.486Z',
  };
}

type Outcome = 'passed' | 'failed' | 'timed_out' | 'infra_error';
const REASONS: Readonly<Record<Outcome, string>> = {
  passed: '',
  failed: 'tests',
  timed_out: 'tests',
  infra_error: 'create',
};
const CODES: Readonly<Record<Outcome, string>> = {
  passed: '',
  failed: 'TESTS_FAILED',
  timed_out: 'TEST_TIMED_OUT',
  infra_error: 'CREATE_FAILED',
};

function outcomeOf(index: number): Outcome {
  const at = (index * 7919) % 100;
  if (at < 60) return 'passed';
  if (at < 95) return 'failed';
  return at < 98 ? 'timed_out' : 'infra_error';
}
