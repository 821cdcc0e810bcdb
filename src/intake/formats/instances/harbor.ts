import { posix } from 'node:path';
import type { SpecInput } from '../../../spec.ts';
import { quote } from '../../../shell-quote.ts';
import type { FieldProblem } from '../../problem.ts';
import { given, type ReadFormat } from '../format-input.ts';
import { HarborTask, readHarborTasks, type Folder } from './harbor-task.ts';
import { fillVariables } from './fill-variables.ts';
import { readJoined, type Dataset } from './join.ts';
import { fieldProblem } from '../make-item.ts';
import { SwePrediction } from './swe-bench.ts';
import { templateFields, type TemplateEntry } from '../templates.ts';

/** Where the task's folders wait in the sandbox: a spec's files cannot lie outside of its `repoDir`. */
const WAITING = '.evalpool-harbor';

const HARBOR: Dataset<HarborTask> = {
  name: 'harbor',
  Instance: HarborTask,
  Prediction: SwePrediction,
  id: ({ folder, 'task.toml': { task } }) => task.name ?? folder,
  image: (task) => task['task.toml'].environment.docker_image,
  spec: (task, entry, { gold }) => {
    const { environment, verifier, solution } = task['task.toml'];
    const env = fillVariables({ ...environment.env, ...verifier.env }, entry.env ?? {});
    const ofSolution = gold ? fillVariables(solution.env, entry.env ?? {}) : env;
    const problems = [...new Set([env, ofSolution])].flatMap((one) =>
      'problems' in one ? one.problems : [],
    );
    problems.unshift(...refusals(task));
    if (problems.length > 0 || 'problems' in env) return { problems };
    return { spec: makeSpec(task, entry, env.filled) };
  },
  gold: (task, spec) => {
    const { solution, 'task.toml': toml } = task;
    const env = fillVariables(toml.solution.env, spec.env ?? {});
    if (solution?.files['solve.sh'] === undefined || 'problems' in env) return undefined;
    return {
      ...spec,
      files: { ...spec.files, ...waiting('solution', solution) },
      // Not as a build: what that leaves running is ended, and a solution may well start what the tests ask.
      test: [
        put(spec.repoDir ?? DEFAULT_FOLDER, 'solution', solution),
        solve(env.filled),
        ...[spec.test].flat(),
      ],
      timeouts: { ...spec.timeouts, test: toml.agent.timeout_sec + (spec.timeouts?.test ?? 0) },
    };
  },
};

/** Where a submission is applied unless the table of templates says other. */
const DEFAULT_FOLDER = '/app';

/** Harbor's task directories, with predictions or their own solutions. */
export const readHarbor: ReadFormat = (from) => readJoined(HARBOR, from, readHarborTasks(given(from.input)));

function makeSpec(task: HarborTask, entry: TemplateEntry, env: Record<string, string>): SpecInput {
  const { environment, verifier } = task['task.toml'];
  const { env: _env, timeouts, network, ...fields } = templateFields(entry);
  const repoDir = entry.repoDir ?? DEFAULT_FOLDER;
  const closed = environment.allow_internet ? {} : { test: 'none' as const };
  return {
    id: HARBOR.id(task),
    repoDir,
    user: typeof verifier.user === 'string' ? verifier.user : 'root',
    ...fields,
    files: waiting('tests', task.tests),
    test: [
      'mkdir -p /logs/verifier /logs/artifacts',
      put(repoDir, 'tests', task.tests),
      `rm -rf ${quote(posix.join(repoDir, WAITING))}`,
      'bash /tests/test.sh',
    ],
    reward: {},
    env: { ...env, ...entry.env },
    network: { ...closed, ...network },
    timeouts: { test: verifier.timeout_sec, ...timeouts },
    labels: { dataset: 'harbor' },
  };
}

function refusals({ compose, tests, 'task.toml': toml }: HarborTask): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (compose)
    problems.push(fieldProblem('environment', 'docker-compose.yaml: there is one sandbox, not several'));
  if (toml.verifier.environment_mode === 'separate')
    problems.push(
      fieldProblem(
        'verifier.environment_mode',
        'separate is not supported: tests run where the submission is',
      ),
    );
  if (toml.steps !== undefined)
    problems.push(fieldProblem('steps', 'tasks of several steps are not supported'));
  if (tests.files['test.sh'] === undefined) problems.push(fieldProblem('tests', 'there is no tests/test.sh'));
  return problems;
}

function waiting(name: string, { files }: Folder): NonNullable<SpecInput['files']> {
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`${WAITING}/${name}/${path}`, content]),
  );
}

// Its variables are not the tests', and its exit status counts for nothing.
function solve(env: Readonly<Record<string, string>>): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quote(value)} `);
  return `${set.join('')}bash /solution/solve.sh || echo "solve.sh ended with exit status $?"`;
}

// What an image has there makes way, as it does with Harbor.
function put(repoDir: string, name: string, { executable }: Folder): string {
  const from = quote(posix.join(repoDir, WAITING, name));
  const lines = [`rm -rf /${name}`, `mkdir -p /${name}`, `cp -R ${from}/. /${name}/`];
  for (const path of executable) lines.push(`chmod +x -- ${quote(`/${name}/${path}`)}`);
  return lines.join('\n');
}
