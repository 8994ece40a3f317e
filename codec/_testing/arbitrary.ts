/**
 * Random events for property tests.
 *
 * @module
 */

import fc from "fast-check";
import { type StatusEvent, TEST_STATUSES } from "../event.ts";

/** How many code points are halves of surrogate pairs, and the first of them. */
const HALVES = 0x800, FIRST_HALF = 0xd800;

const codePoint = fc.nat(0x10ffff - HALVES).map(
  (n) => String.fromCodePoint(n < FIRST_HALF ? n : n + HALVES),
  (character) => {
    const n = typeof character === "string" ? character.codePointAt(0) : NaN;
    if (n === undefined || String.fromCodePoint(n) !== character) {
      throw new TypeError("no code point");
    }
    return n < FIRST_HALF ? n : n - HALVES;
  },
);

/**
 * Any well-formed text: what `fc.string({ unit: "binary" })` gives, which takes a
 * second of every test file that makes one.
 */
export function arbitraryText(
  lengths: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint, ...lengths });
}

/** Text that the protocol allows, also as a test id. */
const text = arbitraryText({ maxLength: 20 }).map((string) =>
  string.replaceAll("\0", "0")
);

const timestamp = fc.record({
  seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  nanoseconds: fc.integer({ min: 0, max: 999999999 }),
});

const file = fc.record({
  fileName: text,
  fileBytes: fc.uint8Array({ maxLength: 80 }),
});

/** Any event that one packet can hold, without absent fields. */
export const arbitraryEvent: fc.Arbitrary<StatusEvent> = fc.tuple(
  fc.record({
    testId: text,
    status: fc.constantFrom(...TEST_STATUSES),
    tags: fc.array(text, { maxLength: 3 }),
    mimeType: text,
    eof: fc.constant(true),
    routeCode: text,
    timestamp,
    parentTestId: text,
    runnable: fc.boolean(),
  }, { requiredKeys: ["runnable"] }),
  fc.option(file, { nil: {} }),
).map(([fields, file]) => ({ ...fields, ...file }));

/** Events of few tests, so that they meet. */
export const meetingEvent: fc.Arbitrary<StatusEvent> = fc.tuple(
  arbitraryEvent,
  fc.record({
    testId: fc.constantFrom("a", "b", "", "тест", "x".repeat(300), undefined),
    routeCode: fc.constantFrom(undefined, undefined, "", "0", "0/1"),
    status: fc.constantFrom(...TEST_STATUSES, "inprogress", undefined),
  }),
).map(([event, fields]) => ({ ...event, ...fields }));
