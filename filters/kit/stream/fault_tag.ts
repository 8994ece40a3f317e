/**
 * The tag that names the fault of a failed test: `fault:1-h2ffvs7z1vc6dbmr`.
 *
 * @module
 */

/** What the tag begins with; in a fault log it is the test id. */
export const FAULT_TAG = "fault:";

/** What a fault log keeps beside the faults: facts about runs, and signatures. */
export const RUNS = "fault:runs", SIGNATURES = "fault:signatures";
/** A longer tag names none: logs and reports have it for each of many tests. */
const MAX_LENGTH = 200;

/** The tag that names a test's fault; undefined if it has none. */
export function faultTagIn(tags: readonly string[]): string | undefined {
  return tags.find((tag) =>
    tag.startsWith(FAULT_TAG) && tag.length > FAULT_TAG.length &&
    tag.length <= MAX_LENGTH && !isReserved(tag) && !hasControls(tag)
  );
}

/** Whether a name that begins as faults do is that of something else. */
export function isReserved(name: string): boolean {
  return name === RUNS || name === SIGNATURES;
}

/** Whether a name has control characters or line ends, which no fault has. */
export function hasControls(name: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(name);
}

/** The fault that a test's tags name; undefined if they name none. */
export function faultIn(tags: readonly string[]): string | undefined {
  return faultTagIn(tags)?.slice(FAULT_TAG.length);
}
