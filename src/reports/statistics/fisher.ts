/** How often something was seen in how many trials. */
export interface Seen {
  hits: number;
  trials: number;
}

// Tables as likely as the observed one count, whatever the rounding.
const SLACK = 1 + 1e-7;

/**
 * Two-sided p-value of Fisher's exact test that two rates are the same: the tables of the same margins that are no
 * likelier than the observed one. R. A. Fisher, "The Design of Experiments" (1935), section 5–10; two-sided as R's
 * `fisher.test`.
 */
export function fisherExact(a: Seen, b: Seen): number {
  const hits = a.hits + b.hits;
  const least = Math.max(0, hits - b.trials);
  const most = Math.min(hits, a.trials);
  let observed = 0;
  // Relative to the first one; they are divided by their sum in the end.
  const chances: number[] = [];
  for (let inA = least, log = 0; inA <= most; inA += 1) {
    chances.push(log);
    if (inA === a.hits) observed = log;
    log += Math.log((a.trials - inA) / (inA + 1)) + Math.log((hits - inA) / (b.trials - hits + inA + 1));
  }
  const share = (logs: readonly number[]): number =>
    logs.reduce((sum, log) => sum + Math.exp(log - observed), 0);
  return share(chances.filter((log) => log <= observed + Math.log(SLACK))) / share(chances);
}
