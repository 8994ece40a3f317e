/**
 * Test points from bytes to bytes, for the tests that most streams consist of:
 * without files and subtests, and with names that need no escapes.
 *
 * This is the hot path of `subunit2tap` (`deno task bench subunit2tap`: 1.6
 * times the time of `subunit-stats`; 8 times by way of `TapReport.add`, which is
 * the oracle in tap_report_test.ts).
 *
 * @module
 */

import { type Outcome, type Rows, TEST_STATUSES } from "@subunit/codec";
import { ByteWriter, Constant, decimalsOf } from "../kit/io/byte_writer.ts";
import type { Output } from "../kit/io/output.ts";
import type { Verdict } from "../kit/stream/verdict.ts";
import { durationOf, Labels, UNUSUAL } from "./report.ts";
import { MAX_NAME_CHARACTERS, testPointOf } from "./tap_point.ts";

const SPACE = 0x20, DELETE = 0x7f;
const HASH = 0x23, BACKSLASH = 0x5c, BRACE = 0x7b;

/** What a test point takes beside its name and constants that vary. */
const ROOM_BYTES = 512;
const DASH = Constant.of(" - "), LINE_END = Constant.of("\n");
const YAML = Constant.of("  ---\n"), YAML_END = Constant.of("  ...\n");
const DURATION = Constant.of("  duration_ms: ");
const NANOSECONDS_PER_MS = 1e6, PICOSECONDS_PER_NS = 1000;

/** The parts of a test point that follow from outcome, tags and route code. */
interface Parts {
  readonly begin: Constant;
  readonly directive: Constant;
  /** Lines of YAML. */
  readonly diagnostics: Constant;
}

function partsOf(
  outcome: Outcome,
  tags: readonly string[] = [],
  routeCode?: string,
): Parts {
  const { isOk, directive, diagnostics } = testPointOf({
    testId: "x",
    outcome,
    tags,
    routeCode,
    started: undefined,
    ended: undefined,
    seconds: undefined,
    parentTestId: undefined,
    attachments: [],
  });
  return {
    begin: Constant.of(isOk ? "ok " : "not ok "),
    directive: Constant.of(directive),
    diagnostics: Constant.of(diagnostics.replace(/^(?=.)/gm, "  ")),
  };
}

const SUCCESS = TEST_STATUSES.indexOf("success");

// #region Hot: see above.

/**
 * Writes test points at the outermost level. Make it when the first row comes:
 * an empty stream starts sooner.
 */
export class TapRows {
  readonly #to: ByteWriter;
  /** By status; the diagnostics are what comes before the duration. */
  readonly #byStatus = TEST_STATUSES.map((status) =>
    partsOf(status as Outcome)
  );
  /** Those of a success, whose directive depends on its tags. */
  readonly #labels = new Labels((tags, routeCode) =>
    partsOf("success", tags, routeCode)
  );

  constructor(out: Output) {
    this.#to = new ByteWriter(out);
  }

  /** Hands what was written to the output. */
  flush(): void {
    this.#to.flush();
  }

  /**
   * Writes the test that a row has ended; returns false, and writes nothing,
   * when it is not one of those above.
   */
  write(rows: Rows, i: number, tests: Verdict, number: number): boolean {
    const to = this.#to;
    const idAt = rows.idAt(i), idEnd = rows.idEnd(i);
    if (!tests.isWhole(rows, i)) return false;
    if (!isPlainName(rows.source, idAt, idEnd)) return false;
    const duration = durationOf(rows, i, tests);
    if (duration === UNUSUAL) return false;
    const labels = this.#labels.of(rows, i);
    const status = rows.statusCode(i) - 1;
    const bare = this.#byStatus[status], message = bare.diagnostics;
    const { begin, directive } = status === SUCCESS ? labels : bare;
    to.reserve(idEnd - idAt + labels.diagnostics.byteLength + ROOM_BYTES);
    to.constant(begin);
    to.integer(number);
    to.constant(DASH);
    to.copy(rows.source, rows.view, idAt, idEnd);
    to.constant(directive);
    to.constant(LINE_END);
    const hasDuration = !Number.isNaN(duration);
    const length = message.byteLength + labels.diagnostics.byteLength;
    if (length === 0 && !hasDuration) return true;
    to.constant(YAML);
    to.constant(message);
    if (hasDuration) writeDuration(to, duration);
    to.constant(labels.diagnostics);
    to.constant(YAML_END);
    return true;
  }
}

function writeDuration(to: ByteWriter, nanoseconds: number): void {
  const whole = Math.floor(nanoseconds / NANOSECONDS_PER_MS);
  const rest = (nanoseconds - whole * NANOSECONDS_PER_MS) * PICOSECONDS_PER_NS;
  to.constant(DURATION);
  to.integer(whole);
  to.fraction(rest, decimalsOf(rest));
  to.constant(LINE_END);
}

/** Returns whether an id is a description as it is: see `oneLine`. */
function isPlainName(source: Uint8Array, start: number, end: number): boolean {
  const last = source[end - 1];
  if (
    start === end || end - start > MAX_NAME_CHARACTERS ||
    source[start] === SPACE || last === SPACE || last === BRACE
  ) return false;
  let isPlain = true;
  for (let at = start; at < end; at++) {
    const byte = source[at];
    if (
      byte < SPACE || byte >= DELETE || byte === HASH || byte === BACKSLASH
    ) isPlain = false;
  }
  return isPlain;
}

// #endregion
