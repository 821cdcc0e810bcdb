/**
 * Where a metric comes from. `leader`: the dispatcher that leads, so that what is true of the whole deployment is exported once;
 * all others are of one process, and add up.
 */
export type Source = 'every process' | 'evaluator' | 'dispatcher' | 'leader' | 'reaper';

/** One metric as it is declared: name without `evalpool_`, base units in the name. */
export interface Declared<Kind extends 'histogram' | 'counter' | 'gauge', Label extends string> {
  kind: Kind;
  name: string;
  labels: readonly Label[];
  from: Source;
  help: string;
  /** Its samples carry the evaluation, attempt and trace that they come from, for who scrapes OpenMetrics. */
  exemplars?: true;
  /** Of histograms whose times are mostly below 10 ms. */
  fine?: true;
  /** How several processes' values make one; default: their sum. */
  together?: 'max';
}

/**
 * Every metric of evalpool. Labels are bounded: a provider, a stage, an outcome, an error code; tenants and templates only the
 * first few, the rest is `other`; never an evaluation, batch or sandbox (exemplars carry those).
 */
export const CATALOGUE = {
  stageSeconds: histogram('stage_duration_seconds', ['provider', 'stage', 'outcome', 'template'], {
    from: 'evaluator',
    exemplars: true,
    help: 'Time a stage took, by how it ended: ok, the outcome that its error gives, or aborted.',
  }),
  evaluationSeconds: histogram('evaluation_duration_seconds', ['provider', 'outcome'], {
    from: 'evaluator',
    exemplars: true,
    help: 'From the claim of the last attempt to its result.',
  }),
  queueWaitSeconds: histogram('queue_wait_seconds', ['provider'], {
    from: 'evaluator',
    help: 'Wait of an attempt from acceptance or hand-back to its claim.',
  }),
  slotWaitSeconds: histogram('slot_wait_seconds', ['provider'], {
    from: 'evaluator',
    help: 'Wait of a dispatched attempt for a slot and its turn to create.',
  }),
  evaluations: counter('evaluations_total', ['provider', 'outcome', 'error'], {
    from: 'every process',
    exemplars: true,
    help: 'Evaluations that ran and ended, by outcome and the code of the error that ended them (or none).',
  }),
  tenantEvaluations: counter('tenant_evaluations_total', ['tenant', 'outcome'], {
    from: 'evaluator',
    help: 'Evaluations that ran and ended, by tenant.',
  }),
  attempts: counter('attempts_total', ['provider'], {
    from: 'evaluator',
    help: 'Attempts begun: more than evaluations by what was handed back.',
  }),
  retries: counter('retries_total', ['provider', 'cause'], {
    from: 'every process',
    help: 'Attempts handed back for another try, by cause.',
  }),
  attemptsRunning: gauge('attempts_running', ['provider', 'stage'], {
    from: 'evaluator',
    help: 'Attempts under way in this process, by the stage they are in.',
  }),
  slotWaiters: gauge('slot_waiters', ['provider'], {
    from: 'evaluator',
    help: 'Attempts of this process that wait for a slot.',
  }),
  creations: counter('creations_total', ['provider', 'outcome'], {
    from: 'evaluator',
    help: 'Creations sent to the provider: created, refused, or failed (the reply may have been lost).',
  }),
  refusals: counter('provider_refusals_total', ['provider', 'kind'], {
    from: 'evaluator',
    help: 'Answers 429, by kind: capacity (too many sandboxes) or rate (too often).',
  }),
  outages: counter('provider_outages_total', ['provider', 'error'], {
    from: 'evaluator',
    help: 'Failures that may meet everybody, by error code: enough in a row open the breaker.',
  }),
  sandboxSeconds: counter('sandbox_seconds_total', ['provider', 'tenant'], {
    from: 'evaluator',
    help: 'Seconds that sandboxes ran.',
  }),
  costUsd: counter('cost_usd_total', ['provider', 'tenant'], {
    from: 'evaluator',
    help: "What they cost by the tier's prices, US dollars.",
  }),
  diskFree: gauge('disk_free_bytes', ['folder'], {
    from: 'evaluator',
    together: 'max',
    help: 'Free on the disk of a folder: logs and artifacts, or mirrors of repos.',
  }),
  diskSize: gauge('disk_size_bytes', ['folder'], {
    from: 'evaluator',
    together: 'max',
    help: 'Size of the disk of a folder.',
  }),

  backlog: gauge('backlog', ['provider', 'state'], {
    from: 'leader',
    help: 'Evaluations that have not ended: waiting, paused, dispatched (waiting for a slot) or running.',
  }),
  oldestWaiting: gauge('oldest_waiting_seconds', ['provider'], {
    from: 'leader',
    help: 'Age of the evaluation that has waited longest to be dispatched, unless it is paused or its budget is spent.',
  }),
  slotsHeld: gauge('slots_held', ['provider'], {
    from: 'leader',
    help: 'Slots that the ledger holds: sandboxes that live or may live.',
  }),
  slotsLimit: gauge('slots_limit', ['provider'], {
    from: 'leader',
    help: 'Slots that may be held now: the limit less reserve, strangers and what the provider refused.',
  }),
  sandboxesLimit: gauge('provider_sandboxes_limit', ['provider'], {
    from: 'leader',
    help: "The provider's own limit of sandboxes at once.",
  }),
  creationsLimit: gauge('creations_limit_per_second', ['provider'], {
    from: 'leader',
    help: "The provider's own limit of creations a second; absent where there is none.",
  }),
  slowDown: gauge('creations_slow_down_ratio', ['provider'], {
    from: 'leader',
    help: 'By how much creations are slowed since the provider was asked too often; 1: not at all.',
  }),
  breaker: gauge('breaker', ['provider', 'state'], {
    from: 'leader',
    help: '1 for the state that the breaker is in: closed (all is well), open, or probing.',
  }),
  sandboxes: gauge('sandboxes', ['provider', 'state'], {
    from: 'leader',
    help: 'Sandboxes of the ledger: intended (asked for), alive, or condemned (to be destroyed).',
  }),
  sandboxesForeign: gauge('sandboxes_foreign', ['provider'], {
    from: 'leader',
    help: "Sandboxes of the account that are not this deployment's, as of the last listing.",
  }),
  evaluators: gauge('evaluators', ['provider'], {
    from: 'leader',
    help: 'Evaluators that are alive.',
  }),
  windowFill: gauge('window_fill_ratio', ['provider'], {
    from: 'leader',
    help: 'Dispatched or running of the 1.5 × slots that are kept in the queue.',
  }),
  tenantWaiting: gauge('tenant_waiting', ['tenant'], {
    from: 'leader',
    help: 'Evaluations of a tenant that wait to be dispatched.',
  }),
  tenantUnderWay: gauge('tenant_under_way', ['tenant'], {
    from: 'leader',
    help: 'Evaluations of a tenant that are dispatched or running.',
  }),
  tenantDeficit: gauge('tenant_share_deficit', ['tenant'], {
    from: 'leader',
    help: 'Places that a tenant with waiting work has less than its weight would give it; below 0: more.',
  }),
  queueJobs: gauge('queue_jobs', ['queue', 'state'], {
    from: 'leader',
    help: 'Jobs in BullMQ by state: the shallow queue of each provider, and the intake.',
  }),
  redisMemory: gauge('redis_memory_bytes', [], { from: 'leader', help: 'Memory that Redis uses.' }),
  databaseSize: gauge('database_size_bytes', [], { from: 'leader', help: 'Size of the database.' }),
  batchInfo: gauge('batch_info', ['place', 'batch', 'tenant', 'provider', 'state'], {
    from: 'leader',
    help: 'Always 1: the name of the batch at a place. The newest few batches each keep a place.',
  }),
  batchTotal: gauge('batch_evaluations', ['place'], {
    from: 'leader',
    help: 'Evaluations of the batch, unreadable lines included.',
  }),
  batchEnded: gauge('batch_ended', ['place', 'outcome'], {
    from: 'leader',
    help: 'Evaluations of the batch that have ended, by outcome.',
  }),
  batchEta: gauge('batch_eta_seconds', ['place'], {
    from: 'leader',
    help: 'Time to its end at the pace of the last ten minutes; 0 once it has ended, absent while unknown.',
  }),
  batchStarted: gauge('batch_created_timestamp_seconds', ['place'], {
    from: 'leader',
    help: 'When the batch was made, Unix time.',
  }),
  batchDeadline: gauge('batch_deadline_timestamp_seconds', ['place'], {
    from: 'leader',
    help: 'When the batch is to be done (--deadline), Unix time; absent where none was set.',
  }),
  batchCost: gauge('batch_cost_usd', ['place'], {
    from: 'leader',
    help: 'What the batch has cost, US dollars.',
  }),
  batchSandboxSeconds: gauge('batch_sandbox_seconds', ['place'], {
    from: 'leader',
    help: 'Seconds that its sandboxes ran.',
  }),
  batchBudget: gauge('batch_budget_used_ratio', ['place'], {
    from: 'leader',
    help: 'Spent of its budget, of money or of sandbox-hours, whichever is nearer its end; absent without one.',
  }),
  leading: gauge('leading', [], { from: 'dispatcher', help: '1 in the dispatcher that leads.' }),
  dispatched: counter('dispatched_total', ['provider'], {
    from: 'dispatcher',
    help: 'Attempts put into the queue in fair order.',
  }),
  dispatchSeconds: histogram('dispatch_round_duration_seconds', [], {
    from: 'dispatcher',
    fine: true,
    help: 'Time a round of the leader took.',
  }),
  dispatchLag: gauge('dispatch_lag_seconds', [], {
    from: 'dispatcher',
    together: 'max',
    help: 'By how much the last sweep came later than its second.',
  }),
  intakeJobs: counter('intake_jobs_total', ['outcome'], {
    from: 'dispatcher',
    help: 'Jobs of the intake queue: accepted or refused.',
  }),

  reaperRuns: counter('reaper_runs_total', ['provider', 'outcome'], {
    from: 'reaper',
    help: 'Sweeps over the ledger of a provider: ok or failed.',
  }),
  reaperSeconds: histogram('reaper_run_duration_seconds', ['provider'], {
    from: 'reaper',
    help: 'Time a sweep took.',
  }),
  sandboxesReaped: counter('sandboxes_reaped_total', ['provider'], {
    from: 'reaper',
    help: 'Sandboxes destroyed because nobody owned them.',
  }),
  sandboxesLeaked: gauge('sandboxes_leaked', ['provider'], {
    from: 'reaper',
    together: 'max',
    help: "This deployment's sandboxes that the provider lists and the ledger does not hold, as of the last listing.",
  }),
  processesLost: counter('processes_lost_total', [], {
    from: 'reaper',
    help: 'Processes that stopped beating and whose work was handed back.',
  }),

  databaseSeconds: histogram('database_query_duration_seconds', ['outcome'], {
    from: 'every process',
    fine: true,
    help: 'Time a query took once it had a connection: ok or failed.',
  }),
  databaseConnections: gauge('database_connections', ['state'], {
    from: 'every process',
    help: 'Connections of the pool: idle or used; and waiting: queries that wait for one.',
  }),
  redisSeconds: gauge('redis_ping_seconds', [], {
    from: 'every process',
    together: 'max',
    help: 'Time Redis took to answer at the scrape.',
  }),
  buildInfo: gauge('build_info', ['version', 'node', 'process'], {
    from: 'every process',
    together: 'max',
    help: 'Always 1: what runs here.',
  }),
} as const;

type About = Pick<Declared<'gauge', string>, 'from' | 'help' | 'exemplars' | 'fine' | 'together'>;

function histogram<L extends string>(
  name: string,
  labels: readonly L[],
  about: About,
): Declared<'histogram', L> {
  return { kind: 'histogram', name, labels, ...about };
}

function counter<L extends string>(name: string, labels: readonly L[], about: About): Declared<'counter', L> {
  return { kind: 'counter', name, labels, ...about };
}

function gauge<L extends string>(name: string, labels: readonly L[], about: About): Declared<'gauge', L> {
  return { kind: 'gauge', name, labels, ...about };
}
