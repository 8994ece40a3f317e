/**
 * Ids of TAP's tests, which have a number and perhaps a name.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";

/** A child's id is its parent's, this separator, and its own. */
const SEPARATOR = " > ";
/** The longest id, in UTF-16 units; longer ones are shortened. */
const MAX_LENGTH = 16384;

/** The id in the form of Python's tool: "test 3 - description". */
export function numberedId(number: number, description = ""): string {
  return description === ""
    ? `test ${number}`
    : `test ${number} ${description}`;
}

/** A description without a leading "- ". */
export function nameOf(description: string): string {
  if (!description.startsWith("-")) return description;
  const name = description.slice(1).trimStart();
  const isDash = name === "" || name.length < description.length - 1;
  return isDash ? name : description;
}

/** The id of a test named `name` in a group that has no test point. */
export function groupedId(group: string, name: string): string {
  return group + SEPARATOR + name;
}

/** Returns an event with the ids of tests below `parentTestId`. */
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
 * An id that is too long loses its beginning, because its end distinguishes it
 * from its siblings. One of full length has been shortened already.
 */
function childId(testId: string, parentTestId: string): string {
  if (testId.length === MAX_LENGTH) return testId;
  const id = parentTestId + SEPARATOR + testId;
  return id.length <= MAX_LENGTH
    ? id
    : "…" + id.slice(1 - MAX_LENGTH).toWellFormed();
}
