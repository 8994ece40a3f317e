/**
 * Test ids made of what foreign producers print.
 *
 * @module
 */

/** How many characters such an id may have. */
const MAX_LENGTH = 4096;

/** The id, or so much of it as an id may have. */
export function cutId(testId: string): string {
  return testId.length <= MAX_LENGTH
    ? testId
    : testId.slice(0, MAX_LENGTH - 1).toWellFormed() + "…";
}
