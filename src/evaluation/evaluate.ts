import { EvalpoolError } from '../errors.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Spec } from '../spec.ts';
import { SCRIPT_STAGES, type Network, type Stage } from '../stage.ts';
import { applySubmission, hasSubmission, refuseEmptySubmission } from './stages/apply-submission.ts';
import { closeTests } from './stages/close-tests.ts';
import { collectArtifacts } from './stages/collect-artifacts.ts';
import type { Keeping } from './evidence.ts';
import { fetchRepo } from './fetch/fetch-repo.ts';
import { gatherReport } from './verdict/gather-report.ts';
import { judge, refuseUnjudgeable } from './verdict/judge.ts';
import { keepBasis } from './verdict/keep-basis.ts';
import type { Mirrors } from './fetch/mirrors.ts';
import { networkAtCreate, openDesks, readSecrets } from './open-desk.ts';
import { readReport } from './verdict/read-report.ts';
import { readReward } from './verdict/read-reward.ts';
import { runBuild } from './stages/run-build.ts';
import { runSetup } from './stages/run-script.ts';
import { stageRunner, type OnStage } from './run-stage.ts';
import { runTests } from './stages/run-tests.ts';

/** What one attempt at a spec needs from whoever runs it. */
export interface Attempt extends Keeping {
  /** The network is the one its first script wants, so that it needs no change. */
  create(network: Network, signal: AbortSignal): Promise<Sandbox>;
  /** Called once for every sandbox that `create` gave, whatever happened; must not throw. */
  destroy(sandbox: Sandbox): Promise<void>;
  mirrors: Mirrors;
  /** The value of EVALPOOL_SECRET_<name>. */
  secret(name: string): string | undefined;
  /** Networks that the provider offers, and the one for stages of which the spec says nothing. */
  networks: readonly Network[];
  defaultNetwork: Network;
  /** Ends the attempt early: `evaluate` then rejects with its reason, the sandbox destroyed. */
  signal: AbortSignal;
  onBegin?: (stage: Stage) => void;
  onStage?: OnStage;
}

/** Evaluates one spec in a sandbox of its own. Resolves if it passed; else throws the EvalpoolError that says why not. */
export async function evaluate(spec: Spec, attempt: Attempt): Promise<void> {
  const { evidence, signal, onBegin, onStage } = attempt;
  const stage = stageRunner({ timeouts: spec.timeouts, timings: evidence.stages, signal, onBegin, onStage });
  const secrets = readSecrets(spec.secrets, (name) => attempt.secret(name));
  refuseNetworks(spec, attempt.networks);
  refuseUnjudgeable(spec);
  refuseEmptySubmission(spec);
  const sandbox = await stage('create', (time) => createInTime(spec, attempt, time.signal));
  const at = openDesks(spec, { ...attempt, sandbox, stage, secrets });
  try {
    if (spec.repo !== undefined) await at('fetch', (desk) => fetchRepo(desk, spec, attempt));
    if (spec.setup !== undefined) await at('setup', (desk) => runSetup(desk, spec, spec.setup ?? ''));
    if (hasSubmission(spec)) await at('patch', (desk) => applySubmission(desk, spec));
    const { build } = spec;
    const before = build === undefined ? null : await at('build', (desk) => runBuild(desk, spec, build));
    const run = await at('test', (desk) => runTests(desk, spec, before));
    evidence.exitCode = run.exitCode;
    await at('collect', async (desk) => {
      const found = await closeTests(desk, spec);
      const gathered = await gatherReport(desk, spec, { run, found });
      const reward = await readReward(desk, spec, found);
      if (reward !== null) evidence.rewards = reward.rewards;
      await collectArtifacts(desk, spec, attempt);
      evidence.basis = { ...(await keepBasis(attempt, run, gathered)), reward };
      const report = await readReport(spec, gathered);
      evidence.tests = report?.tests ?? [];
      judge(spec, run, { report, reward });
    });
  } finally {
    // What cannot be destroyed now the reaper will: it changes nothing of how the evaluation ended.
    await stage('destroy', () => attempt.destroy(sandbox)).catch(() => undefined);
  }
}

// A create that answers only after its deadline, or after a cancel, still made a sandbox.
async function createInTime(spec: Spec, attempt: Attempt, signal: AbortSignal): Promise<Sandbox> {
  const sandbox = await attempt.create(networkAtCreate(spec) ?? attempt.defaultNetwork, signal);
  if (!signal.aborted) return sandbox;
  await attempt.destroy(sandbox);
  throw signal.reason;
}

function refuseNetworks(spec: Spec, offered: readonly Network[]): void {
  for (const stage of SCRIPT_STAGES) {
    const network = spec.network[stage];
    if (network === undefined || offered.includes(network)) continue;
    const has = offered.join(', ');
    throw new EvalpoolError(
      'NETWORK_UNAVAILABLE',
      `network ${network} for ${stage}: the provider has ${has}`,
      { stage },
    );
  }
}
