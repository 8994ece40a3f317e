/**
 * What a row measures, and the bounds on its figures.
 *
 * @module
 */

/** The times of a row; undefined where it has no comparison. */
export interface Measured {
  /** Of the best run, in seconds, start-up included. */
  readonly best: number;
  readonly median: number;
  /** Of all runs, in MiB; unknown if they were too short to measure. */
  readonly peakMemory?: number;
  readonly bytes?: number;
  readonly packets?: number;
  /** The best of `cat`. */
  readonly cat?: number;
  /** The best of the Python tool, scaled to the same bytes. */
  readonly python?: number;
  /** The best on the first half of the corpus. */
  readonly half?: number;
  /** The best of the command after "against" in the row's name. */
  readonly other?: number;
}

/** A bound on a figure. */
export interface Goal {
  readonly text: string;
  /** Undefined if the figure is unknown. */
  isMet(row: Measured): boolean | undefined;
}

export function goal(
  text: string,
  figure: (row: Measured) => number | undefined,
  bounds: { least?: number; most?: number },
): Goal {
  const { least = -Infinity, most = Infinity } = bounds;
  return {
    text,
    isMet(row) {
      const value = figure(row);
      return value === undefined ? undefined : value >= least && value <= most;
    },
  };
}

export const ratio = (over?: number, under?: number) =>
  over === undefined || under === undefined ? undefined : over / under;
export const bytesPerSecond = (row: Measured) => ratio(row.bytes, row.best);
export const packetsPerSecond = (row: Measured) => ratio(row.packets, row.best);
export const timesCat = (row: Measured) => ratio(row.best, row.cat);
export const fasterThanPython = (row: Measured) => ratio(row.python, row.best);

export const GIGABYTE_A_SECOND = goal("1 GB/s", bytesPerSecond, { least: 1e9 });
export const timesOther = (row: Measured) => ratio(row.best, row.other);
export const VERIFIED_BYTES = goal("150 MB/s", bytesPerSecond, {
  least: 150e6,
});
export const SIX_MILLION = goal("6 M packets/s", packetsPerSecond, {
  least: 6e6,
});
export const NEAR_CAT = goal("1.5x cat", timesCat, { most: 1.5 });
export const FAST_START = goal("0.2 of Python", fasterThanPython, {
  least: 1 / 0.2,
});
export const MEMORY = goal("120 MiB", (row) => row.peakMemory, { most: 120 });
// Linear is 2.3: the last 4 MiB, of truncated claims, cost almost nothing.
export const LINEAR = goal(
  "2.5x its half",
  (row) => ratio(row.best, row.half),
  {
    most: 2.5,
  },
);

export function python(times: number): Goal {
  return goal(`${times}x Python`, fasterThanPython, { least: times });
}

/** Returns whether all goals are met, and names those that are not. */
export function verdict(goals: readonly Goal[], row: Measured): string {
  const missed = goals.filter((goal) => goal.isMet(row) === false);
  if (missed.length > 0) {
    return `MISSED ${missed.map(({ text }) => text).join(", ")}`;
  }
  const unknown = goals.filter((goal) => goal.isMet(row) === undefined);
  return ["ok", ...unknown.map(({ text }) => `(unknown: ${text})`)].join(" ");
}
