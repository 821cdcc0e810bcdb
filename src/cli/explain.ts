import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { deploymentId, type Database } from '../database/connect.ts';
import { readEvaluation, type EvaluationFacts } from '../database/read-evaluation.ts';
import { readBatchStatus, readProviderStatus } from '../database/read-status.ts';
import { EvalpoolError } from '../errors.ts';
import { showExplanation } from '../reports/show-explanation.ts';
import { waitingFor } from '../reports/waiting-for.ts';
import { wholeNumber } from './read-items.ts';
import { traceIdOf } from '../tracing/trace-ids.ts';
import { batchNamed, withDatabase } from './use-database.ts';

interface ExplainOptions {
  sample: number;
  spec?: true;
  json?: true;
}

const EXAMPLES = `
Examples:
  evalpool explain nightly django__django-11099
  evalpool explain nightly HumanEval/17 --sample 3
  evalpool explain nightly HumanEval/17 --spec > one.jsonl    its spec, to try it by hand`;

/** `evalpool explain`: one evaluation on one screen. */
export function addExplainCommand(program: Command, config: () => Config): void {
  program
    .command('explain')
    .description('Say where one evaluation is, why, and what became of its attempts')
    .argument('<batch>', 'name of its batch')
    .argument('<id>', 'id of its spec')
    .option('--sample <n>', 'which sample', wholeNumber(0), 0)
    .option('--spec', 'only its spec, as a line of input')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (batch: string, id: string, options: ExplainOptions) => {
      await explain(config(), { batch, id }, options);
    });
}

async function explain(
  config: Config,
  of: { batch: string; id: string },
  options: ExplainOptions,
): Promise<void> {
  await withDatabase(config, async ({ database }) => {
    const batchId = await batchNamed(database, of.batch);
    const evaluation = await readEvaluation(database, batchId, { taskId: of.id, sample: options.sample });
    const [batch] = await readBatchStatus(database, of.batch);
    if (!evaluation || !batch)
      throw new EvalpoolError('USAGE', `batch ${of.batch} has no '${of.id}' sample ${options.sample}`);
    const providers = await readProviderStatus(database);
    const provider = providers.find(({ name }) => name === batch.provider);
    const reason = waitingFor({ evaluation, batch, provider });
    const facts = { ...evaluation, trace: await traceOf(database, evaluation) };
    if (options.spec) process.stdout.write(`${JSON.stringify(evaluation.spec)}\n`);
    else if (options.json) process.stdout.write(`${JSON.stringify({ ...facts, reason }, null, 2)}\n`);
    else process.stdout.write(`${showExplanation(of.batch, facts, reason)}\n`);
  });
}

async function traceOf(database: Database, { id, acceptedAt }: EvaluationFacts): Promise<string> {
  return traceIdOf(await deploymentId(database), { evaluationId: id, acceptedAt });
}
