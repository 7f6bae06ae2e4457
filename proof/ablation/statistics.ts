/** The two statistics of the ablation: an interval for a share, a test for paired outcomes. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** z of a two-sided 95 % interval. */
const Z = 1.959964;

/**
 * The Wilson score interval (1927), 95 %. It takes the trials as independent; three seeds of one
 * task are less than that, so the interval is somewhat too narrow.
 */
export function wilson(hits: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = hits / trials;
  const z2 = Z * Z;
  const middle = share + z2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share) + z2 / (4 * trials)) / trials);
  const scale = 1 + z2 / trials;
  // Rounding may put a bound a hair outside of what a share can be.
  const bound = (value: number): number => Math.min(1, Math.max(0, value / scale));
  return { low: bound(middle - spread), high: bound(middle + spread) };
}

/**
 * McNemar's exact test, two-sided: how likely so uneven a split of the pairs that differ would be
 * if either way were as likely. 1 when no pair differs.
 */
export function mcnemar(better: number, worse: number): number {
  const pairs = better + worse;
  const fewer = Math.min(better, worse);
  let logTerm = -pairs * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(pairs - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}
