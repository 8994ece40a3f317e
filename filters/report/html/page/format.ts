/**
 * Numbers as people read them.
 *
 * @module
 */

/** A duration: `12 ms`, `3.21 s`, `2 min 05 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0) return `-${formatSeconds(-seconds)}`;
  if (seconds < 0.0095) return `${trimmed(seconds * 1000, 1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${pair(whole % 60)} s`
    : `${Math.floor(whole / 3600)} h ${pair(Math.floor(whole / 60) % 60)} min`;
}

function pair(value: number): string {
  return String(value).padStart(2, "0");
}

function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

/** A count with commas between thousands. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count with its noun. */
export function counted(
  count: number,
  noun: string,
  plural = `${noun}s`,
): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** The distance of marks on an axis: 1, 2 or 5 of a unit, or parts of an hour. */
export function tickStep(least: number): number {
  const nice = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  if (least > 10) {
    return nice.find((step) => step >= least) ?? 3600 * Math.ceil(least / 3600);
  }
  const unit = 10 ** Math.floor(Math.log10(least));
  return unit * ([1, 2, 5].find((step) => step * unit >= least * 0.999) ?? 10);
}

/** A time in the day, in UTC, with milliseconds. */
export function formatClock(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(11, 23);
}
