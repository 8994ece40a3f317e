/**
 * Traces in the JSON of Chrome's Trace Event Format, which Perfetto reads too.
 *
 * Tests are complete events ("X") on lanes, which are threads. The format has
 * nestable asynchronous events ("b", "e") for spans that overlap, but Perfetto
 * draws a track for each of their ids, so for each test; and a complete event is
 * written when its test ends, so that a trace that breaks off has no event that
 * never ends. Times are whole microseconds: in floating point, the end of a
 * subtest could come after that of its parent.
 *
 * The trace is an array: readers accept one without an end.
 *
 * @module
 */

import {
  isFailure,
  type Outcome,
  PARSER_TEST_ID,
  type Timestamp,
} from "@subunit/codec";
import type { Verdict } from "../../kit/stream/verdict.ts";
import { visibleLines } from "../../kit/text/visible.ts";
import type { Output } from "../../kit/tool/tool.ts";
import type { Report, ReportedTest } from "../report.ts";
import { Lanes } from "./lanes.ts";
import { OpenTests, reasonOf, type Span, Spans } from "./spans.ts";

/** The process that all lanes are threads of. */
const PID = 1;
/** A thread with the number of its process would be its main thread. */
const FIRST_TID = 2;
/** The lane of tests without times. */
const UNTIMED_TID = 0;

/** Tests without times are held until a time is known, or there are too many. */
const MAX_HELD = 10_000;

/** Names of colors that viewers have. */
const COLORS: Partial<Record<Outcome, string>> = {
  fail: "terrible",
  uxsuccess: "terrible",
  lost: "bad",
  skip: "grey",
};

/** The fields of an event that depend on it. */
interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "X" | "i" | "b" | "e" | "M";
  readonly ts?: number;
  readonly dur?: number;
  readonly tid?: number;
  readonly id?: string;
  /** The scope of an instant: thread, process or global. */
  readonly s?: "t" | "p" | "g";
  readonly cname?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

function microseconds({ seconds, nanoseconds }: Timestamp): number {
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

/** What a viewer shows of a test when it is selected. */
function argsOf(test: ReportedTest, known: Span<number>["known"]) {
  const { outcome, tags, routeCode, parentTestId, seconds } = test;
  return {
    outcome,
    reason: outcome === "success" ? undefined : reasonOf(test),
    tags: tags.length > 0 ? tags.join(" ") : undefined,
    route: routeCode,
    parent: parentTestId,
    seconds,
    times: known === "both" ? undefined : known,
  };
}

const NATURAL = new Intl.Collator("en", { numeric: true });

/** Writes a trace for Chrome and Perfetto. */
export class ChromeTrace implements Report {
  readonly #out: Output;
  readonly #spans = new Spans(microseconds);
  readonly #lanes: Lanes;
  /** The route of each lane. */
  readonly #laneRoutes: string[] = [];
  readonly #open: OpenTests;
  /** Tests without times from before the first time. */
  #held: ((time: number) => void)[] | undefined = [];
  /** The time at which a test without times was last shown. */
  #shown = -1;
  #untimed = 0;
  #damage = 0;
  #written = 0;
  #asyncId = 0;

  constructor(out: Output, tests: Verdict) {
    this.#out = out;
    this.#open = new OpenTests(tests);
    this.#lanes = new Lanes((test) => {
      const open = this.#open.get(test);
      return open && {
        start: open.started && microseconds(open.started),
        parentTestId: open.parentTestId,
      };
    }, this.#beginLane);
    this.#write({ name: "process_name", ph: "M", args: { name: "tests" } });
  }

  #write(event: TraceEvent): void {
    const { tid = UNTIMED_TID } = event;
    const json = JSON.stringify(event.tid === tid ? event : { ...event, tid });
    const begin = this.#written++ === 0 ? "[" : ",";
    const row = `${begin}\n{"pid":${PID},${json.slice(1)}`;
    this.#out.writeText(this.#out.isTerminal ? visibleLines(row) : row);
  }

  readonly #beginLane = (
    lane: number,
    route: string | undefined,
    n: number,
  ): void => {
    const name = `${route === undefined ? "tests" : `route ${route}`}${
      n > 1 ? ` (${n})` : ""
    }`;
    this.#laneRoutes.push(name);
    this.#nameLane(FIRST_TID + lane, name);
  };

  #nameLane(tid: number, name: string): void {
    this.#write({ name: "thread_name", ph: "M", tid, args: { name } });
  }

  add(test: ReportedTest): void {
    if (test.outcome === "lost") this.#open.hold(test);
    else this.#add(test);
  }

  #add(test: ReportedTest): void {
    const span = this.#spans.of(test);
    if (span === undefined) return this.#addUntimed(test);
    this.#release(span.start);
    this.#addSpan(test, span);
  }

  #addSpan(test: ReportedTest, { start, end, known }: Span<number>): void {
    const { testId: name, outcome } = test;
    const args = argsOf(test, known);
    const cat = "test", cname = COLORS[outcome];
    this.#lanes.place(test, start, end, (lane) => {
      const tid = FIRST_TID + lane;
      if (lane < 0) {
        const id = `0x${(++this.#asyncId).toString(16)}`;
        this.#write({ name, cat, ph: "b", ts: start, id, cname, args });
        this.#write({ name, cat, ph: "e", ts: end, id });
      } else if (known === "end") {
        this.#write({ name, cat, ph: "i", s: "t", ts: end, tid, cname, args });
      } else {
        const dur = end - start;
        this.#write({ name, cat, ph: "X", ts: start, dur, tid, cname, args });
      }
    });
    if (isFailure(outcome) && outcome !== "lost") {
      this.#mark(`${outcome}: ${name}`, end, args.reason);
    }
  }

  /** Marks a point in time across all lanes. */
  #mark(name: string, ts: number, reason: string | undefined): void {
    const cname = COLORS.fail;
    const args = { reason };
    this.#write({ name, cat: "mark", ph: "i", s: "p", ts, cname, args });
  }

  /** Shows a test, or damage, after all that has a time so far. */
  #addUntimed(test: ReportedTest): void {
    const { testId, outcome } = test;
    const isDamage = testId === PARSER_TEST_ID && outcome === "fail";
    const event: TraceEvent = {
      name: isDamage ? "damage" : testId,
      cat: isDamage ? "damage" : "test",
      ph: "i",
      s: isDamage ? "g" : "t",
      tid: UNTIMED_TID,
      cname: COLORS[outcome],
      args: argsOf(test, "none"),
    };
    if (isDamage) this.#damage++;
    else if (this.#untimed++ === 0) this.#nameLane(UNTIMED_TID, "no times");
    const write = (ts: number) => this.#write({ ...event, ts });
    if (this.#held?.push(write) === MAX_HELD) this.#release();
    else if (this.#held === undefined) write(this.#nextTime());
  }

  /** A time that no test without times is shown at yet: viewers stack these. */
  #nextTime(): number {
    return this.#shown = Math.max(
      this.#spans.latest ?? 0,
      this.#shown + 1,
    );
  }

  /** Shows the tests without times that came before the first time, if any. */
  #release(first?: number): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const start = Math.max(0, (first ?? 0) - held.length);
    for (const [i, write] of held.entries()) write(this.#shown = start + i);
  }

  end(): void {
    const count = this.#open.addLost(this.#spans, (test) => this.#add(test));
    this.#release();
    if (count > 0) {
      const words = count === 1 ? "1 test lost" : `${count} tests lost`;
      this.#mark(words, this.#nextTime(), undefined);
    }
    const counts = [
      [count, "lost"],
      [this.#damage, "damaged"],
      [this.#untimed, "without times"],
    ].filter(([n]) => n !== 0).map(([n, words]) => `${n} ${words}`);
    if (counts.length > 0) {
      const labels = counts.join(", ");
      this.#write({ name: "process_labels", ph: "M", args: { labels } });
    }
    this.#sortLanes();
    this.#out.writeText("\n]\n");
  }

  #sortLanes(): void {
    const order = this.#laneRoutes.map((name, lane) => ({ name, lane }))
      .sort((a, b) => NATURAL.compare(a.name, b.name));
    for (const [i, { lane }] of order.entries()) {
      this.#write({
        name: "thread_sort_index",
        ph: "M",
        tid: FIRST_TID + lane,
        args: { sort_index: i + 1 },
      });
    }
  }
}
