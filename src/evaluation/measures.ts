import type { Claimed } from '../database/claim-evaluation.ts';
import { outcomeOf, type ErrorCode, type EvalpoolError } from '../errors.ts';
import { boundedLabel } from '../metrics/bounded-label.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
import { isConcurrencyLimit } from '../sandbox/blame.ts';
import type { Stage } from '../stage.ts';
import type { Tracing } from '../tracing/tracing.ts';

const MOST_TEMPLATES = 20;
const MOST_TENANTS = 20;

/** What one evaluator measures of its attempts, with labels that stay few. */
export class Measures {
  readonly #metrics: Metrics;
  readonly #provider: string;
  readonly #defaultTemplate: string;
  readonly #tracing: Pick<Tracing, 'exemplarOf'>;
  readonly #template = boundedLabel(MOST_TEMPLATES);
  readonly #tenant = boundedLabel(MOST_TENANTS);

  constructor(
    metrics: Metrics,
    provider: { name: string; template: string },
    tracing: Pick<Tracing, 'exemplarOf'>,
  ) {
    this.#metrics = metrics;
    this.#provider = provider.name;
    this.#defaultTemplate = provider.template;
    this.#tracing = tracing;
  }

  /** An attempt was claimed. */
  begun({ waitedSeconds }: Claimed): void {
    const provider = this.#provider;
    this.#metrics.attempts.inc({ provider });
    this.#metrics.queueWaitSeconds.observe({ provider }, waitedSeconds);
  }

  /** A stage of it ended. */
  stage(of: Claimed, stage: Stage, seconds: number, ended: 'ok' | 'ABORTED' | ErrorCode): void {
    const outcome = ended === 'ok' ? 'ok' : ended === 'ABORTED' ? 'aborted' : outcomeOf(ended);
    const template = this.#template(of.spec.template ?? this.#defaultTemplate);
    const labels = { provider: this.#provider, stage, outcome, template };
    this.#metrics.stageSeconds.observe({ labels, value: seconds, exemplarLabels: this.#exemplar(of) });
  }

  /** A create was answered, or will never be. */
  creation(outcome: 'created' | 'refused' | 'failed'): void {
    this.#metrics.creations.inc({ provider: this.#provider, outcome });
  }

  /** An attempt ended with a failure that may say something of the provider. */
  failure(error: EvalpoolError): void {
    const provider = this.#provider;
    if (!error.kind.outage) return;
    if (error.code !== 'PROVIDER_BUSY') return this.#metrics.outages.inc({ provider, error: error.code });
    this.#metrics.refusals.inc({ provider, kind: isConcurrencyLimit(error) ? 'capacity' : 'rate' });
  }

  /** What the sandbox of an attempt came to. */
  spent(of: Claimed, sandboxSeconds: number, costUsd: number): void {
    const labels = { provider: this.#provider, tenant: this.#tenant(of.tenant) };
    this.#metrics.sandboxSeconds.inc(labels, sandboxSeconds);
    this.#metrics.costUsd.inc(labels, costUsd);
  }

  /** It was handed back for another try. */
  retried(cause: string): void {
    this.#metrics.retries.inc({ provider: this.#provider, cause });
  }

  /** Its evaluation ended; `outcome` as it was written. */
  ended(of: Claimed, outcome: Outcome, { failure, startedAt, finishedAt }: EvaluationResult): void {
    const provider = this.#provider;
    const labels = { provider, outcome, error: failure?.code ?? 'none' };
    const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
    const exemplarLabels = this.#exemplar(of);
    this.#metrics.evaluations.inc({ labels, value: 1, exemplarLabels });
    this.#metrics.evaluationSeconds.observe({
      labels: { provider, outcome },
      value: seconds,
      exemplarLabels,
    });
    this.#metrics.tenantEvaluations.inc({ tenant: this.#tenant(of.tenant), outcome });
  }

  #exemplar(of: Claimed): Record<string, string> {
    const { evaluationId: evaluation, attempt } = of;
    return { ...this.#tracing.exemplarOf(of), evaluation, attempt: String(attempt) };
  }
}
