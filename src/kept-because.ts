/** Why an evaluation keeps its outcome under other rules, in words; where more had been kept, all but the first could be judged. */
export const KEPT_BECAUSE = {
  no_verdict: 'did not end by what their tests said',
  not_kept: 'have no kept report',
  other_path: 'would need another file than was kept',
  log_cut: 'would need the whole output, and their log is cut',
} as const;

/** One of them. */
export type KeptBecause = keyof typeof KEPT_BECAUSE;
