/** The stages of one attempt, in running order. `queue`, the wait before them, is measured but is not one of them. */
export const STAGES = ['create', 'fetch', 'setup', 'patch', 'build', 'test', 'collect', 'destroy'] as const;
export type Stage = (typeof STAGES)[number];

/** Stages that run a script of the spec, and so can have a network and a log of their own. */
export const SCRIPT_STAGES = ['fetch', 'setup', 'build', 'test'] as const satisfies readonly Stage[];

/** What a stage may reach: nothing, the internet only, or everything the provider lets it. */
export const NETWORKS = ['none', 'nat', 'full'] as const;
export type Network = (typeof NETWORKS)[number];

/** Default deadline of each stage, seconds; a spec's `timeouts` overrides it. */
export const DEFAULT_TIMEOUTS: Readonly<Record<Stage, number>> = {
  create: 60,
  fetch: 300,
  setup: 900,
  patch: 60,
  build: 900,
  test: 900,
  collect: 120,
  destroy: 30,
};
