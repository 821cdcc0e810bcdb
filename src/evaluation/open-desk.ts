import { EvalpoolError } from '../errors.ts';
import type { CommandExit, Sandbox } from '../sandbox/sandbox.ts';
import type { Spec } from '../spec.ts';
import { SCRIPT_STAGES, type Network, type Stage } from '../stage.ts';
import { openStageLog, type Keeping, type StageLogWriter } from './evidence.ts';
import { credentialsOf } from './fetch/repo-address.ts';
import type { RunStage, StageTime } from './run-stage.ts';

/** Hears what a command prints, beside the stage's log. */
export type Hear = (chunk: string, stream: 'stdout' | 'stderr') => void;

/** What a stage inside the sandbox works with. */
export interface Desk {
  sandbox: Sandbox;
  user: string;
  log: StageLogWriter;
  time: StageTime;
  /** Runs a command with the stage's environment and what is left of its time; its output goes to the log. */
  run(command: string, how?: How): Promise<CommandExit>;
  /**
   * Runs a command of ours and returns what it prints: without the spec's environment, and with no home, since the login shell
   * would first read what the submission may have left there.
   */
  ask(command: string): Promise<{ exitCode: number; output: string }>;
}

/** What a command is run with besides. */
export interface How {
  hear?: Hear | undefined;
  /** Whoever hears writes the log. */
  unlogged?: boolean;
  env?: Readonly<Record<string, string>>;
}

/** The environment of a login shell that must read nothing of what the submission may have left at home. Nobody can make a folder in /proc. */
export const HOMELESS = { HOME: '/proc/no-home' };

/** Runs the work of one stage inside the sandbox at a desk of its own. */
export type AtDesk = <T>(stage: Stage, work: (desk: Desk) => Promise<T>) => Promise<T>;

/** The desks of one attempt: each stage has its network, its environment and its log. */
export function openDesks(
  spec: Spec,
  given: Keeping & {
    sandbox: Sandbox;
    stage: RunStage;
    defaultNetwork: Network;
    secrets: Readonly<Record<string, string>>;
  },
): AtDesk {
  let network = networkAtCreate(spec) ?? given.defaultNetwork;
  return (stage, work) =>
    given.stage(stage, async (time) => {
      const secrets = stage === 'fetch' || stage === 'setup' ? given.secrets : {};
      const hidden = stage === 'fetch' ? credentialsOf(spec.repo ?? '') : [];
      const log = openStageLog(stage, given, [...Object.values(secrets), ...hidden]);
      const env = { ...spec.env, ...secrets };
      try {
        const wanted = networkOf(spec, stage, given.defaultNetwork) ?? network;
        const { sandbox } = given;
        if (wanted !== network) {
          const askedAt = performance.now();
          await sandbox.setNetwork(wanted);
          time.excuse(performance.now() - askedAt);
        }
        network = wanted;
        const run = runner({ sandbox, spec, log, time, env });
        const ask = asker(runner({ sandbox, spec, log, time, env: HOMELESS }), log);
        return await work({ sandbox, user: spec.user, log, time, run, ask });
      } finally {
        await log.close();
      }
    });
}

/** The network a sandbox should be created with, so that its first script needs no change. */
export function networkAtCreate(spec: Spec): Network | undefined {
  if (spec.repo !== undefined) return spec.network.fetch;
  if (spec.setup !== undefined) return spec.network.setup;
  return spec.build === undefined ? spec.network.test : spec.network.build;
}

function networkOf(spec: Spec, stage: Stage, byDefault: Network): Network | undefined {
  const scripted = SCRIPT_STAGES.find((each) => each === stage);
  return scripted === undefined ? undefined : (spec.network[scripted] ?? byDefault);
}

function runner(given: {
  sandbox: Sandbox;
  spec: Spec;
  log: StageLogWriter;
  time: StageTime;
  env: Record<string, string>;
}): Desk['run'] {
  return async (command, { hear, unlogged = false, env } = {}) => {
    const exit = await given.sandbox.run({
      command,
      user: given.spec.user,
      env: { ...given.env, ...env },
      deadlineMs: given.time.leftMs(),
      signal: given.time.signal,
      onStarted: (ms) => given.time.excuse(ms),
      onOutput(chunk, stream) {
        if (!unlogged) given.log.write(chunk);
        hear?.(chunk, stream);
      },
    });
    if (exit.heardAll) return exit;
    given.log.write('\n[evalpool: the connection broke and was made anew; some output is lost]\n');
    // Whoever listens goes by what was printed, so nothing can be said.
    if (hear)
      throw new EvalpoolError('STREAM_LOST', 'output that decides was lost when the connection broke');
    return exit;
  };
}

function asker(run: Desk['run'], log: StageLogWriter): Desk['ask'] {
  return async (command) => {
    let output = '';
    const hear: Hear = (chunk, stream) => {
      if (stream === 'stdout') output += chunk;
      else log.write(chunk);
    };
    const { exitCode } = await run(command, { hear, unlogged: true });
    return { exitCode, output };
  };
}

/** The values of the secrets that a spec names. Throws SECRET_MISSING. */
export function readSecrets(
  names: readonly string[],
  secret: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = secret(name);
      if (value === undefined) {
        throw new EvalpoolError('SECRET_MISSING', `secret ${name} is not set for the evaluators`);
      }
      return [name, value];
    }),
  );
}
