/**
 * Numbers on an axis, above a table and in it.
 *
 * @module
 */

import { counted, formatCount } from "../words.ts";

/** The distance of marks on an axis: 1, 2 or 5 of a unit, or parts of an hour. */
export function tickStep(least: number): number {
  const nice = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  if (least > 10) {
    return nice.find((step) => step >= least) ?? 3600 * Math.ceil(least / 3600);
  }
  const unit = 10 ** Math.floor(Math.log10(least));
  return unit * ([1, 2, 5].find((step) => step * unit >= least * 0.999) ?? 10);
}

/** How many tests a search found. */
export function resultsText(found: number, all: number): string {
  const tests = counted(all, "test");
  return found === all ? tests : `${formatCount(found)} of ${tests}`;
}

/** How many tests a table has that is too short for all. */
export function limitText(most: number): string {
  return `; the table has the first ${formatCount(most)}`;
}

/** A time in the day, in UTC, with milliseconds. */
export function formatClock(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(11, 23);
}
