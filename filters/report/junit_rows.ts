/**
 * Cases from bytes to bytes, for the tests that most streams consist of: without
 * files, in the suite without a name, and with a dotted name as id.
 *
 * This is the hot path of `subunit2junitxml` (`deno task bench
 * subunit2junitxml`: 2 times the time of `subunit-stats`; 4 times by way of
 * `JunitReport.add`, which is the oracle in junit_report_test.ts).
 *
 * @module
 */

import {
  type Outcome,
  type Rows,
  secondsBetween,
  TEST_STATUSES,
} from "@subunit/codec";
import { type ByteWriter, Constant } from "../kit/io/byte_writer.ts";
import type { Verdict } from "../kit/stream/verdict.ts";
import { formatSeconds } from "../kit/python/format.ts";
import {
  type CaseOptions,
  elementOf,
  type Place,
  propertiesOf,
  readTags,
} from "./junit_case.ts";
import { durationOf, Labels, UNUSUAL } from "./report.ts";

/** What a case takes beside its names and its properties. */
const ROOM_BYTES = 512;
const CLASS = Constant.of('<testcase classname="'),
  NAME = Constant.of('" name="');
const TIME = Constant.of('" time="');
const EMPTY_END = Constant.of('"/>\n'), START_END = Constant.of('">\n');
const END = Constant.of("</testcase>\n");

/** What follows from the tags and the route code of a test. */
interface Parts {
  /** Undefined when the names of the case depend on the tags. */
  readonly place: Place | undefined;
  readonly properties: Constant;
  /** How many more bytes than UTF-16 units these have. */
  readonly extraBytes: number;
}

const NANOSECONDS_PER_MS = 1e6, HALF_MS = 5e5;
const DOT = 0x2e;

// #region Hot: see above.

/**
 * Reads and writes cases, one at a time. Make it when the first row comes: an
 * empty stream starts sooner.
 */
export class JunitRows {
  /** The elements for outcomes, by status code. */
  readonly #elements = ["", ...TEST_STATUSES].map((status) =>
    Constant.of(elementOf(status as Outcome))
  );
  /** The bytes of a name, dots excepted. */
  readonly #word = Uint8Array.from(
    { length: 256 },
    (_, code) => /\w/.test(String.fromCharCode(code)) ? 1 : 0,
  );
  readonly #labels: Labels<Parts>;
  #parts: Parts | undefined;
  #dot = -1;
  #duration = NaN;
  /** Its duration in seconds, if known. */
  seconds: number | undefined;

  constructor(options: CaseOptions) {
    this.#labels = new Labels((tags, routeCode) => {
      const { place, names } = readTags(tags);
      const test = { tags, routeCode, parentTestId: undefined };
      const properties = propertiesOf(test, options);
      const constant = Constant.of(properties);
      return {
        place: names.suites.length === 0 && names.classname === undefined
          ? place
          : undefined,
        properties: constant,
        extraBytes: constant.byteLength - properties.length,
      };
    });
  }

  /**
   * Reads the test that a row has ended. Returns the place of its case;
   * undefined when it is not one of those above.
   */
  read(rows: Rows, i: number, tests: Verdict): Place | undefined {
    if (!tests.isWhole(rows, i)) return undefined;
    this.#dot = this.#nameDot(rows.source, rows.idAt(i), rows.idEnd(i));
    if (this.#dot === NO_NAME) return undefined;
    const duration = this.#duration = durationOf(rows, i, tests);
    if (duration === UNUSUAL) return undefined;
    this.seconds = Number.isNaN(duration) ? undefined : secondsBetween(
      { seconds: tests.startSeconds, nanoseconds: tests.startNanoseconds },
      { seconds: rows.seconds(i), nanoseconds: rows.nanoseconds(i) },
    );
    this.#parts = this.#labels.of(rows, i);
    return this.#parts.place;
  }

  /** Writes the case that was read last; returns its UTF-16 units. */
  write(to: ByteWriter, rows: Rows, i: number): number {
    const { source, view } = rows;
    const idAt = rows.idAt(i), idEnd = rows.idEnd(i), dot = this.#dot;
    const { properties, extraBytes } = this.#parts!;
    const element = this.#elements[rows.statusCode(i)];
    const isEmpty = properties.byteLength + element.byteLength === 0;
    to.reserve(idEnd - idAt + properties.byteLength + ROOM_BYTES);
    const start = to.at;
    to.constant(CLASS);
    if (dot > idAt) to.copy(source, view, idAt, dot);
    to.constant(NAME);
    to.copy(source, view, dot > idAt ? dot + 1 : idAt, idEnd);
    if (this.seconds !== undefined) {
      to.constant(TIME);
      writeSeconds(to, this.#duration, this.seconds);
    }
    to.constant(isEmpty ? EMPTY_END : START_END);
    if (!isEmpty) {
      to.constant(properties);
      to.constant(element);
      to.constant(END);
    }
    return to.at - start - extraBytes;
  }

  /**
   * The dot between class and name, or where an id begins that has no dot: see
   * `splitTestId`. {@linkcode NO_NAME} for an id with other characters than those
   * of dotted names, or dots that may be part of a name.
   */
  #nameDot(source: Uint8Array, start: number, end: number): number {
    const word = this.#word;
    let others = 0, dot = NO_NAME;
    for (let at = start; at < end; at++) {
      const byte = source[at];
      if (byte === DOT) dot = at;
      else others |= 1 - word[byte];
    }
    if (others !== 0 || start === end) return NO_NAME;
    if (dot === NO_NAME) return start;
    const before = source[dot - 1], after = source[dot + 1];
    return dot === start || dot === end - 1 || before === DOT || isDigit(after)
      ? NO_NAME
      : dot;
  }
}

/** Writes a duration as {@linkcode formatSeconds} does. */
function writeSeconds(
  to: ByteWriter,
  nanoseconds: number,
  seconds: number,
): void {
  const whole = Math.floor(nanoseconds / NANOSECONDS_PER_MS);
  const rest = nanoseconds - whole * NANOSECONDS_PER_MS;
  if (rest === HALF_MS) {
    // The nearest number in floating point decides.
    to.text(formatSeconds(seconds));
    return;
  }
  const rounded = rest > HALF_MS ? whole + 1 : whole;
  to.integer(rounded / 1000 | 0);
  to.fraction(rounded % 1000 * NANOSECONDS_PER_MS, 3);
}

/** The id is none that {@linkcode JunitRows} can split. */
const NO_NAME = -1;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

// #endregion
