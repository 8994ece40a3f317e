/**
 * The few statistics that reports on several runs need.
 *
 * @module
 */

/** The quantile of the normal distribution for 95 %, on both sides. */
const Z = 1.96;

/**
 * The lower end of the interval in which the rate of an event lies, by Wilson,
 * at 95 %. Few trials prove little: 1 of 1 is 0.21, and 30 of 100 is 0.22.
 */
export function wilsonLow(events: number, trials: number): number {
  if (trials === 0) return 0;
  const rate = events / trials, square = Z * Z / trials;
  const spread = Z * Math.sqrt((rate * (1 - rate) + square / 4) / trials);
  // Rounding would make it negative where there is no event.
  return Math.max(0, (rate + square / 2 - spread) / (1 + square));
}

/** The median; NaN of nothing. It reorders the values. */
export function median(values: Float64Array): number {
  const { length } = values;
  if (length === 0) return NaN;
  values.sort();
  const middle = length >> 1;
  return length % 2 === 1
    ? values[middle]
    : (values[middle - 1] + values[middle]) / 2;
}

/**
 * The median distance from the median: the spread, whatever a few of the values
 * are.
 */
export function medianDeviation(values: Float64Array, middle: number): number {
  return median(values.map((value) => Math.abs(value - middle)));
}
