import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { asEvalpoolError } from '../errors.ts';
import { harmlessLine } from '../harmless-text.ts';
import { findInPath } from '../local/find-in-path.ts';
import { probeMachine, type MachineFact, type MachineReport } from '../local/probe-machine.ts';
import { useStack, type Stack } from '../local/use-stack.ts';
import type { Log } from '../log.ts';
import { cliLog } from './cli-log.ts';
import { describeProvider, requireKey } from './describe-provider.ts';
import { EXIT } from './exit-codes.ts';
import { openTrials, type Trial } from './try-sandbox.ts';

// 1. Says what this machine has and lacks, and the one command that mends it.
// 2. Starts the stack and says which wall and limits are really in force.
// 3. Creates a sandbox, runs a command in it and destroys it.

const EXAMPLES = `
Examples:
  evalpool doctor
  evalpool doctor --provider pro-account`;

/** `evalpool doctor`: what is there, what is missing, what mends it. */
export function addDoctorCommand(
  program: Command,
  config: (provider?: string) => Config,
  exit: (code: number) => void,
): void {
  program
    .command('doctor')
    .description('Say what is there, what is missing and what mends it; try one sandbox')
    .option('--provider <name>', 'where sandboxes come from (default: EVALPOOL_PROVIDER, else local)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { provider?: string }) => {
      exit(await examine(config(options.provider)));
    });
}

async function examine(config: Config): Promise<number> {
  requireKey(config);
  const report = probeMachine(config);
  for (const fact of [...report.facts, python()]) say(factLine(fact));
  if (report.facts.some(({ needed, present }) => needed && !present)) {
    say('the stack cannot start: something needed is missing, so nothing was tried', mendLine(report));
    return EXIT.usage;
  }
  say(`state in ${config.home}`);
  const log = cliLog(config);
  const stack = await useStack(config, { log, onProgress: say });
  try {
    tellStack(stack);
    const trial = await tryOne(stack, config, log).catch((thrown: unknown) => {
      const error = asEvalpoolError(thrown);
      say(`MISSING  sandbox: ${harmlessLine(error.message, 400)}`, error.kind.next);
      return undefined;
    });
    if (trial === undefined) return EXIT.incomplete;
    tellTrial(trial);
    return EXIT.done;
  } finally {
    await stack.leave();
  }
}

async function tryOne(stack: Stack, config: Config, log: Log): Promise<Trial | null> {
  const trials = await openTrials(stack, config, log);
  try {
    return await trials.tryOne('uname -sm; git --version; node --version; python3 --version');
  } finally {
    await trials.close();
  }
}

function tellStack(stack: Stack): void {
  say(describeProvider(stack));
  for (const { name, inForce, by } of stack.provider.wall?.facts ?? []) {
    say(`${inForce ? 'ok     ' : 'not on '}  ${name}: ${by}`);
  }
  if (stack.provider.wall) say(`networks: ${stack.provider.wall.networks.join(', ')}`);
  for (const { name, health } of stack.processes) say(`ok       ${name}: ${health}`);
}

function tellTrial(trial: Trial | null): void {
  if (trial === null) {
    say('every slot is taken by running evaluations: no sandbox was tried');
    return;
  }
  const { createMs, runMs, destroyMs, output } = trial;
  const times = [createMs, runMs, destroyMs].map((ms) => `${ms.toFixed(0)} ms`);
  say(`ok       one sandbox: create ${times[0]}, run ${times[1]}, destroy ${times[2]}`);
  for (const line of output.trim().split('\n')) say(`         inside: ${harmlessLine(line, 120)}`);
}

function factLine({ name, present, needed, detail }: MachineFact): string {
  const word = present ? 'ok     ' : needed ? 'MISSING' : 'not there';
  return `${word}  ${name}: ${detail}`;
}

function python(): MachineFact {
  const path = findInPath('python3');
  const detail = path ?? 'not in PATH; only specs that use it need it, as HumanEval does';
  return { name: 'python3', present: path !== undefined, needed: false, detail };
}

function mendLine({ mend, facts }: MachineReport): string {
  if (mend) return `run: ${mend}`;
  return facts.find(({ needed, present }) => needed && !present)?.detail ?? '';
}

function say(...lines: string[]): void {
  process.stdout.write(`${lines.filter(Boolean).join('\n')}\n`);
}
