/**
 * Test ids made from the output of foreign producers.
 *
 * @module
 */

/** The longest id, in UTF-16 units. */
const MAX_LENGTH = 4096;

/** Returns the id, shortened if it is too long. */
export function cutId(testId: string): string {
  return testId.length <= MAX_LENGTH
    ? testId
    : testId.slice(0, MAX_LENGTH - 1).toWellFormed() + "…";
}
