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
  /** The best of each other command that the row is compared with, by name. */
  readonly others?: Readonly<Record<string, number>>;
  /**
   * The best on 16 times some input against that on 4 times, both without the
   * start-up.
   */
  readonly growth?: number;
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

/** A bound on the time, as a multiple of that of another command. */
export function atMost(times: number, other: string): Goal {
  const figure = (row: Measured) => ratio(row.best, row.others?.[other]);
  return goal(`${times}x ${other}`, figure, { most: times });
}

/** A bound on the bytes of input a second. */
export function gigabytes(perSecond: number): Goal {
  return goal(`${perSecond} GB/s`, bytesPerSecond, { least: perSecond * 1e9 });
}

export const SIX_MILLION = goal("6 M packets/s", packetsPerSecond, {
  least: 6e6,
});
/** A bound on the time, as a multiple of that of `cat`. */
export function cat(times: number): Goal {
  return goal(`${times}x cat`, timesCat, { most: times });
}

export const FAST_START = goal("0.2 of Python", fasterThanPython, {
  least: 1 / 0.2,
});
export const MEMORY = goal("120 MiB", (row) => row.peakMemory, { most: 120 });

export const LINEAR = goal("5x for 4x", ({ growth }) => growth, { most: 5 });

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
