import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { ApiKeys, Audit } from './api-tables.ts';
import type { LogLevel } from '../log-level.ts';
import type { Outcome } from '../outcome.ts';
import type { EvaluationResult } from '../result.ts';
import type { SpecInput } from '../spec.ts';
import type { Stage } from '../stage.ts';

type Id = GeneratedAlways<string>;
type Time = Date;
type DefaultTime = ColumnType<Date, Date | undefined, Date>;

/** How far an evaluation is (docs/states.md). */
export type EvaluationState = 'waiting' | 'dispatched' | 'running' | 'finished';
/** How far a ledger row is; the slot is held until `gone`. */
export type SandboxState = 'intended' | 'alive' | 'condemned' | 'gone';
export type BatchState = 'open' | 'sealed' | 'finished';
/** `open`: nothing is created; `probing`: one creation at a time tries whether the provider is well again. */
export type Breaker = 'closed' | 'open' | 'probing';

/** An attempt that a process works on, for people who ask. Times are ISO 8601. */
export interface Working {
  evaluationId: string;
  attempt: number;
  stage: Stage | null;
  since: string;
}

interface Deployment {
  id: string;
}

interface Batches {
  id: Id;
  tenant: Generated<string>;
  name: string;
  provider: string;
  state: Generated<BatchState>;
  paused: Generated<boolean>;
  cancelled_at: Time | null;
  created_at: DefaultTime;
  fed_at: DefaultTime;
  seal_after_s: number | null;
  finished_at: Time | null;
  total: Generated<number>;
  unreadable: Generated<number>;
  passed: Generated<number>;
  failed: Generated<number>;
  timed_out: Generated<number>;
  invalid: Generated<number>;
  infra_error: Generated<number>;
  cancelled: Generated<number>;
  ended: GeneratedAlways<number>;
  weight: Generated<number>;
  max_running: number | null;
  max_cost_usd: number | null;
  max_sandbox_s: number | null;
  spent_usd: Generated<number>;
  spent_sandbox_s: Generated<number>;
  deadline_at: Time | null;
}

interface Evaluations {
  id: Id;
  batch_id: string;
  task_id: string;
  sample: number;
  content_hash: string;
  spec: SpecInput;
  source: string | null;
  key: string | null;
  submission: string;
  /** Last of all: a change or a retry is an acceptance too. */
  accepted_at: DefaultTime;
  state: Generated<EvaluationState>;
  outcome: Outcome | null;
  priority: Generated<number>;
  not_before: Time | null;
  attempt: Generated<number>;
  failures: Generated<number>;
  sandboxes_lost: Generated<number>;
  workers_lost: Generated<number>;
  suspect: string | null;
  waiting_since: DefaultTime;
  dispatched_at: Time | null;
}

interface Attempts {
  evaluation_id: string;
  number: number;
  process_id: string;
  state: Generated<'claimed' | 'ended'>;
  reason: string | null;
  started_at: DefaultTime;
  ended_at: Time | null;
}

interface Results {
  evaluation_id: string;
  batch_id: string;
  attempt: number;
  outcome: Outcome;
  reason: string;
  result: ColumnType<EvaluationResult, string, string>;
  /** Grows with each result that a batch gets. */
  seq: GeneratedAlways<string>;
  finished_at: DefaultTime;
}

interface UnreadableLines {
  batch_id: string;
  source: string;
  message: string;
}

interface Processes {
  id: Id;
  kind: string;
  /** Of evaluators: whose sandboxes it uses. */
  provider: string | null;
  host: string;
  pid: number;
  beat: Generated<string>;
  working: ColumnType<Working[], string | undefined, string>;
  /** Base URL of its /healthz and /metrics, as seen from its own host. */
  health: string | null;
  started_at: DefaultTime;
  ended_at: Time | null;
}

interface Leases {
  name: string;
  process_id: string;
  epoch: string;
  expires_at: Time;
}

/** A level that processes follow until then; `kind`: those of one kind, or `all`. */
interface LogLevels {
  kind: 'all' | 'api' | 'dispatcher' | 'evaluator' | 'reaper';
  level: LogLevel;
  until: Time;
}

interface Providers {
  name: string;
  tier: string;
  held: Generated<number>;
  max_sandboxes: number;
  creates_per_s: number | null;
  longest_session_s: number;
  next_create_at: DefaultTime;
  usd_per_cpu_s: number;
  usd_per_gib_s: number;
  own_max_sandboxes: number | null;
  own_creates_per_s: number | null;
  reserve: Generated<number>;
  own_reserve: number | null;
  foreign_sandboxes: Generated<number>;
  seen_limit: number | null;
  seen_at: Time | null;
  slow_down: Generated<number>;
  breaker: Generated<Breaker>;
  breaker_reason: string | null;
  breaker_until: Time | null;
  outages: Generated<number>;
  trips: Generated<number>;
  created_at: Time | null;
  slots: GeneratedAlways<number>;
}

interface Tenants {
  name: string;
  weight: Generated<number>;
  max_running: number | null;
}

interface Sandboxes {
  id: Id;
  provider: string;
  nonce: string;
  evaluation_id: string;
  attempt: number;
  process_id: string;
  sandbox_id: string | null;
  state: Generated<SandboxState>;
  lost: Generated<boolean>;
  granted_at: DefaultTime;
  alive_at: Time | null;
  ends_at: Time;
  gone_at: Time | null;
}

/** Every table, as the first migration makes it. Ids are bigint, read as strings. */
export interface Tables {
  deployment: Deployment;
  batches: Batches;
  evaluations: Evaluations;
  attempts: Attempts;
  results: Results;
  unreadable_lines: UnreadableLines;
  processes: Processes;
  leases: Leases;
  log_levels: LogLevels;
  providers: Providers;
  tenants: Tenants;
  api_keys: ApiKeys;
  audit: Audit;
  sandboxes: Sandboxes;
}
