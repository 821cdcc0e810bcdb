import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import { withoutDoubles } from '../intake/no-doubles.ts';
import type { BadLine } from '../intake/problem.ts';
import { duration } from '../reports/progress.ts';
import { sessionOf, tierOf, type Tier } from '../slots/tiers.ts';
import type { SpecInput } from '../spec.ts';
import { addToEstimate, noEstimate, type Estimate } from './estimate.ts';
import { EXIT } from './exit-codes.ts';
import { addInputOptions, openReading, type InputOptions, type Reading } from './read-items.ts';
import { showProblems } from './show-problems.ts';

interface ValidateOptions extends InputOptions {
  provider?: string;
  json?: true;
}

interface Findings {
  estimate: Estimate;
  /** Repo (or none) → specs. */
  places: Map<string, number>;
  bad: BadLine[];
  badCount: number;
}

const EXAMPLES = `
Examples:
  evalpool validate batch.jsonl
  evalpool validate nightly/ --provider pro-account
  evalpool validate --format swebench --instances verified.jsonl --gold --templates table.json

Exit codes: 0 every line is a valid spec, 2 some are not.`;

const MOST_PLACES = 10;
const MOST_KEPT = 1000;

/** `evalpool validate`: a dry run. */
export function addValidateCommand(
  program: Command,
  config: (provider?: string) => Config,
  exit: (code: number) => void,
): void {
  const command = program
    .command('validate')
    .description('Say what would be evaluated, where, and what it takes at most; runs nothing');
  addInputOptions(command)
    .option('--provider <name>', 'where sandboxes come from (default: EVALPOOL_PROVIDER, else local)')
    .option('--json', 'the findings as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (input: string | undefined, options: ValidateOptions) => {
      exit(await validate(config(options.provider), input, options));
    });
}

async function validate(
  config: Config,
  input: string | undefined,
  options: ValidateOptions,
): Promise<number> {
  const tier = tierOf(config.provider);
  const reading = await openReading(input, options, {
    twice: false,
    session: sessionOf(config.provider),
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  const findings = await look(reading, tier);
  const { estimate, bad, badCount } = findings;
  for (const line of showProblems(bad, badCount)) process.stderr.write(`${line}\n`);
  if (estimate.specs === 0 && badCount === 0)
    throw new EvalpoolError('SPEC_INVALID', 'there is no spec to evaluate');
  const text = options.json
    ? JSON.stringify(
        { provider: config.provider.name, tier: tier.name, ...estimate, badLines: badCount },
        null,
        2,
      )
    : describe(findings, tier, config);
  process.stdout.write(`${text}\n`);
  return badCount > 0 ? EXIT.usage : EXIT.done;
}

async function look(reading: Reading, tier: Tier): Promise<Findings> {
  const found: Findings = { estimate: noEstimate(), places: new Map(), bad: [], badCount: 0 };
  for await (const item of withoutDoubles(reading.items())) {
    if ('bad' in item) {
      found.badCount += 1;
      if (found.bad.length < MOST_KEPT) found.bad.push(item.bad);
      continue;
    }
    const { spec } = item.candidate;
    addToEstimate(found.estimate, spec, tier);
    found.places.set(placeOf(spec), (found.places.get(placeOf(spec)) ?? 0) + 1);
  }
  return found;
}

function describe(found: Findings, tier: Tier & { name: string }, config: Config): string {
  const { specs, longestSpecSeconds, sandboxSeconds, costUsd, wallSeconds } = found.estimate;
  const places = [...found.places].toSorted((a, b) => b[1] - a[1]);
  const shown = places
    .slice(0, MOST_PLACES)
    .map(([place, count]) => `  ${count} × ${harmlessLine(place, 200)}`);
  if (places.length > MOST_PLACES) shown.push(`  and ${places.length - MOST_PLACES} more repos`);
  return [
    `${specs} valid specs, ${found.badCount} lines that are none`,
    ...shown,
    `where: provider ${config.provider.name} (tier ${tier.name}), ${tier.maxSandboxes} sandboxes at once`,
    `at most, without retries: ${duration(wallSeconds)} in all, ${duration(longestSpecSeconds)} for one, ${Math.ceil(sandboxSeconds)} sandbox-seconds, $${costUsd.toFixed(2)}`,
  ].join('\n');
}

function placeOf({ repo, ref, template }: SpecInput): string {
  const from = repo === undefined ? 'no repo' : `${repo}${ref === undefined ? '' : ` at ${ref}`}`;
  return template === undefined ? from : `${from}, template ${template}`;
}
