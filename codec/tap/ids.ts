/**
 * Test ids of TAP's tests, which have a number and perhaps a name.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";

/** A child's id is its parent's, this, and its own. */
const SEPARATOR = " > ";
/** How many characters an id may have; what has more is cut. */
const MAX_LENGTH = 16384;

/** The id as Python's tool has it: "test 3 - description". */
export function numberedId(number: number, description = ""): string {
  return description === ""
    ? `test ${number}`
    : `test ${number} ${description}`;
}

/** The event with its ids as those of tests below `parentTestId`. */
export function childEvent(
  event: StatusEvent,
  parentTestId: string,
): StatusEvent {
  return {
    ...event,
    testId: childId(event.testId!, parentTestId),
    parentTestId: event.parentTestId === undefined
      ? parentTestId
      : childId(event.parentTestId, parentTestId),
  };
}

/**
 * An id that is too long loses its beginning: the end tells it from its
 * siblings. One of full length is cut already.
 */
function childId(testId: string, parentTestId: string): string {
  if (testId.length === MAX_LENGTH) return testId;
  const id = parentTestId + SEPARATOR + testId;
  return id.length <= MAX_LENGTH
    ? id
    : "…" + id.slice(1 - MAX_LENGTH).toWellFormed();
}
