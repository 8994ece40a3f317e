/**
 * Lines of data from bytes to bytes, for the tests that most streams consist of:
 * that passed, without files, and with ids in ASCII.
 *
 * This is the hot path of `subunit2html`; the oracle is `HtmlReport.add` in
 * html_report_test.ts.
 *
 * @module
 */

import { type Outcome, type Rows, TEST_STATUSES } from "@subunit/codec";
import {
  ByteWriter,
  Constant,
  decimalsOf,
  escapesOf,
  MAX_ESCAPE_BYTES,
} from "../../kit/io/byte_writer.ts";
import type { Output } from "../../kit/io/output.ts";
import type { Verdict } from "../../kit/stream/verdict.ts";
import { durationOf, Labels, UNUSUAL } from "../report.ts";
import { OUTCOMES } from "./data.ts";
import { scriptJson } from "./markup.ts";
import type { OutcomeTally, RunFacts } from "./run_facts.ts";

/** Longer packets are written the plain way: their bytes cost most. */
const LONGEST_ROW_BYTES = 4096;
/** What a line has beside the id and the labels. */
const LINE_BYTES = 128;
/** The greatest number that {@linkcode ByteWriter.integer} writes. */
const MAX_INTEGER = 2 ** 31 - 1;

const START = Constant.of('["'), COMMA = Constant.of(",");
const NULL = Constant.of("null");
/** The outcomes that never have an article, as they stand behind an id. */
const PASSING: readonly Outcome[] = ["success", "skip", "xfail"];

/** What follows from the tags and the route code of a test. */
interface Parts {
  /** Undefined if a test with these tags has an article. */
  readonly end: Constant | undefined;
  readonly tally: OutcomeTally;
}

// #region Hot: see above.

/** Writes lines of data. Make it when the first row comes. */
export class DataRows {
  readonly #to: ByteWriter;
  readonly #facts: RunFacts;
  readonly #escapes = escapesOf((character) =>
    scriptJson(character).slice(1, -1)
  );
  /** By status codes: the index of the outcome, -1 for tests with articles. */
  readonly #outcomes = ["", ...TEST_STATUSES].map((status) =>
    PASSING.includes(status as Outcome)
      ? OUTCOMES.indexOf(status as Outcome)
      : -1
  );
  readonly #words = OUTCOMES.map((_, i) => Constant.of(`",${i},`));
  readonly #labels: Labels<Parts>;

  constructor(out: Output, facts: RunFacts) {
    this.#to = new ByteWriter(out);
    this.#facts = facts;
    this.#labels = new Labels((tags, routeCode) => {
      const labels = scriptJson([routeCode ?? null, tags]).slice(1, -1);
      return {
        end: tags.includes("flaky")
          ? undefined
          : Constant.of(`,${labels},null,0,null]`),
        tally: facts.tallyOf(routeCode),
      };
    });
  }

  flush(): void {
    this.#to.flush();
  }

  /**
   * Writes the line of the test that a row has ended, and counts the test.
   *
   * @param before what to write before it
   * @returns its length; 0, and nothing is written, for unusual tests
   */
  write(rows: Rows, i: number, tests: Verdict, before: Constant): number {
    const outcome = this.#outcomes[rows.statusCode(i)];
    const length = rows.end(i) - rows.start(i);
    if (
      outcome < 0 || length > LONGEST_ROW_BYTES || !tests.isWhole(rows, i)
    ) return 0;
    const hasTime = rows.timeAt(i) >= 0;
    const hasStart = !Number.isNaN(tests.startSeconds);
    const seconds = hasStart
      ? tests.startSeconds
      : hasTime
      ? rows.seconds(i)
      : 0;
    const duration = hasStart ? durationOf(rows, i, tests) : NaN;
    if (seconds > MAX_INTEGER || duration === UNUSUAL) return 0;
    const { end, tally } = this.#labels.of(rows, i);
    if (end === undefined) return 0;
    const to = this.#to;
    to.reserve(
      MAX_ESCAPE_BYTES * length + LINE_BYTES + before.byteLength +
        end.byteLength,
    );
    const from = to.at;
    to.constant(before);
    const lineFrom = to.at;
    to.constant(START);
    const idStart = rows.idAt(i), idEnd = rows.idEnd(i);
    if (!to.escaped(rows.source, idStart, idEnd, this.#escapes)) {
      to.at = from;
      return 0;
    }
    to.constant(this.#words[outcome]);
    if (!hasStart && !hasTime) to.constant(NULL);
    else {
      const nanoseconds = hasStart
        ? tests.startNanoseconds
        : rows.nanoseconds(i);
      writeMicroseconds(to, seconds, Math.floor(nanoseconds / 1e3));
      this.#facts.addSeconds(seconds + nanoseconds / 1e9);
      if (hasStart && hasTime) {
        this.#facts.addSeconds(rows.seconds(i) + rows.nanoseconds(i) / 1e9);
      }
    }
    to.constant(COMMA);
    if (Number.isNaN(duration)) to.constant(NULL);
    else {
      const microseconds = Math.round(duration / 1e3);
      const whole = Math.floor(microseconds / 1e6);
      writeMicroseconds(to, whole, microseconds - whole * 1e6);
    }
    to.constant(end);
    tally[outcome]++;
    return to.at - lineFrom;
  }
}

/** Writes a number of seconds as JSON does. */
function writeMicroseconds(
  to: ByteWriter,
  seconds: number,
  microseconds: number,
): void {
  to.integer(seconds);
  to.fraction(microseconds * 1e3, decimalsOf(microseconds * 1e3));
}

// #endregion
