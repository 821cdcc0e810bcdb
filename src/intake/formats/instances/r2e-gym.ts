import { z } from 'zod';
import { withoutEscapes } from '../../../harmless-text.ts';
import type { ReadFormat } from '../format-input.ts';
import { readJoined, type Dataset } from './join.ts';
import { jsonOf } from '../json-text.ts';
import { fieldProblem } from '../make-item.ts';
import { optionalText, Patch } from './swe-bench.ts';
import { sweSpec } from './swe-spec.ts';

/** What R2E-Gym's images have at hand. */
const TEST_CMD = 'bash run_tests.sh';

const Instance = z.object({
  instance_id: optionalText,
  docker_image: z.string().min(1),
  repo_name: z.string().min(1),
  expected_output_json: z.union([z.string(), z.record(z.string(), z.string())]),
});
type Instance = z.output<typeof Instance>;

const Prediction = z
  .object({
    instance_id: optionalText,
    docker_image: optionalText,
    model_patch: Patch,
    model_name_or_path: optionalText,
  })
  .refine((row) => row.instance_id ?? row.docker_image, { path: ['instance_id'], message: 'an instance' })
  .transform((row) => ({
    id: row.instance_id ?? row.docker_image ?? '',
    patch: row.model_patch,
    model: row.model_name_or_path,
  }));

const R2E_GYM: Dataset<Instance> = {
  name: 'r2e-gym',
  Instance,
  Prediction,
  id: ({ instance_id: id, docker_image: image }) => id ?? image,
  image: ({ docker_image: image }) => image,
  spec: (row, entry, from) => {
    const expected = statusesOf(row.expected_output_json);
    if (expected === undefined)
      return { problems: [fieldProblem('expected_output_json', 'expected an object, test → status')] };
    if (entry.repoDir === undefined)
      return {
        problems: [fieldProblem('docker_image', 'its entry in the table of templates needs `repoDir`')],
      };
    const made = sweSpec(
      {
        id: row.instance_id ?? row.docker_image,
        dataset: 'r2e-gym',
        repo: row.repo_name,
        ref: undefined,
        testPatch: undefined,
        tests: [],
        logParser: from.logParser ?? 'pytest',
        expect: { failToPass: expected.filter(([, status]) => status === 'PASSED').map(([name]) => name) },
      },
      { testCmd: from.testCmd ?? TEST_CMD, ...entry },
      from,
    );
    return made;
  },
  gold: () => undefined,
};

/** R2E-Gym's rows with predictions. */
export const readR2eGym: ReadFormat = (from) => readJoined(R2E_GYM, from);

function statusesOf(given: string | Record<string, string>): Array<[string, string]> | undefined {
  const parsed = typeof given === 'string' ? jsonOf(given) : given;
  const statuses = z.record(z.string(), z.string()).safeParse(parsed).data;
  if (statuses === undefined) return undefined;
  return Object.entries(statuses).map(([name, status]): [string, string] => [plainName(name), status]);
}

// Names carry a message and colours at times; R2E-Gym compares without.
function plainName(name: string): string {
  return withoutEscapes(name).split(' - ', 1)[0] ?? '';
}
