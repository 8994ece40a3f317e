/**
 * Traces in the JSON of the OpenTelemetry protocol (OTLP): lines of JSON, each a
 * request to export spans (`ExportTraceServiceRequest`), as its file exporter
 * writes them and collectors read them.
 *
 * The stream is one trace. Tests are spans below one of the whole run, subtests
 * below their parents. Attributes follow the semantic conventions for tests; what
 * these lack begins with "subunit.". A viewer shows the tree by its ids, so that
 * spans may overlap.
 *
 * @module
 */

import { isFailure, type Outcome, type Timestamp } from "@subunit/codec";
import { createHash } from "../../kit/runtime/builtin.ts";
import type { Verdict } from "../../kit/stream/verdict.ts";
import { visibleText } from "../../kit/text/visible.ts";
import { type Output, VERSION } from "../../kit/tool/tool.ts";
import type { Report, ReportedTest } from "../report.ts";
import { keyOf, OpenTests, reasonOf, Spans } from "./spans.ts";

/** A line has as many spans, or about as many characters. */
const MAX_SPANS = 512;
const MAX_CHARACTERS = 1024 * 1024;

const TRACE_ID_DIGITS = 32, SPAN_ID_DIGITS = 16, COUNT_DIGITS = 10;

/** `SpanKind` and `StatusCode` of the protocol, as numbers. */
const INTERNAL = 1, OK = 1, ERROR = 2;

/** Outcomes in the words of the conventions, where these have one. */
const RESULTS: Readonly<Record<Outcome, string>> = {
  success: "pass",
  uxsuccess: "fail",
  skip: "skip",
  fail: "fail",
  xfail: "xfail",
  lost: "fail",
};

type Value =
  | { readonly stringValue: string }
  | { readonly arrayValue: { readonly values: readonly Value[] } };

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

function text(stringValue: string): Value {
  return { stringValue };
}

/** Attributes, without those that are undefined. */
function attributes(
  values: Readonly<Record<string, string | undefined>>,
): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: text(value) }]
  );
}

function nanoseconds(time: Timestamp): bigint {
  return BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
}

const RESOURCE = { attributes: attributes({ "service.name": "subunit" }) };
const SCOPE = { name: "subunit2trace", version: VERSION };

/** Writes a trace for OpenTelemetry. */
export class OtlpTrace implements Report {
  readonly #out: Output;
  readonly #open: OpenTests;
  readonly #spans = new Spans(nanoseconds);
  /** The spans of the next line. */
  #batch: string[] = [];
  #characters = 0;
  /** Empty until the first test. */
  #traceId = "";
  #rootId = "";
  #count = 0;
  /** The span ids of tests in progress with subtests that have ended. */
  readonly #parents = new Map<string, string>();
  readonly #outcomes = new Map<Outcome, number>();

  constructor(out: Output, tests: Verdict) {
    this.#out = out;
    this.#open = new OpenTests(tests);
  }

  add(test: ReportedTest): void {
    if (test.outcome === "lost") this.#open.hold(test);
    else this.#add(test);
  }

  endRows(): void {
    this.#writeBatch();
  }

  #add(test: ReportedTest): void {
    const { testId, outcome, tags, routeCode, parentTestId } = test;
    if (this.#traceId === "") this.#begin(test);
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    const span = this.#spans.of(test);
    const latest = this.#spans.latest ?? 0n;
    const { start = latest, end = latest, known = "none" } = span ?? {};
    const message = outcome === "success" ? undefined : reasonOf(test);
    const tagList = tags.length === 0 ? [] : [{
      key: "subunit.tags",
      value: { arrayValue: { values: tags.map(text) } },
    }];
    this.#write({
      traceId: this.#traceId,
      spanId: this.#takeId(test),
      parentSpanId: this.#parentId(test),
      name: testId,
      kind: INTERNAL,
      startTimeUnixNano: `${start}`,
      endTimeUnixNano: `${end}`,
      attributes: [
        ...attributes({
          "test.case.name": testId,
          "test.case.result.status": RESULTS[outcome],
          "subunit.outcome": outcome,
          "subunit.route": routeCode,
          "subunit.parent": parentTestId,
          "subunit.reason": isFailure(outcome) ? undefined : message,
          "subunit.times": known === "both" ? undefined : known,
        }),
        ...tagList,
      ],
      status: isFailure(outcome)
        ? { code: ERROR, message: message ?? outcome }
        : outcome === "skip"
        ? {}
        : { code: OK },
    });
  }

  /** The trace has the id of its first test: runs differ at least in times. */
  #begin(test: ReportedTest): void {
    const { testId, outcome, routeCode, started, ended } = test;
    const key = JSON.stringify([testId, outcome, routeCode, started, ended]);
    this.#traceId = createHash("sha256").update(key).digest("hex")
      .slice(0, TRACE_ID_DIGITS);
    this.#rootId = this.#nextId();
  }

  /** An id that no other span of the trace has. */
  #nextId(): string {
    const count = (++this.#count).toString(16).padStart(COUNT_DIGITS, "0");
    return this.#traceId.slice(0, SPAN_ID_DIGITS - COUNT_DIGITS) + count;
  }

  /** The id of a test that has ended: its subtests may have needed it. */
  #takeId(test: ReportedTest): string {
    if (this.#parents.size === 0) return this.#nextId();
    const key = keyOf(test);
    const id = this.#parents.get(key);
    this.#parents.delete(key);
    return id ?? this.#nextId();
  }

  /** The id of the parent; that of the run if none is in progress. */
  #parentId({ parentTestId, routeCode }: ReportedTest): string {
    if (parentTestId === undefined) return this.#rootId;
    const parent = { testId: parentTestId, routeCode };
    const key = keyOf(parent);
    let id = this.#parents.get(key);
    if (id !== undefined) return id;
    if (this.#open.get(parent) === undefined) return this.#rootId;
    this.#parents.set(key, id = this.#nextId());
    return id;
  }

  #write(span: unknown): void {
    const json = JSON.stringify(span);
    this.#batch.push(json);
    this.#characters += json.length;
    const isFull = this.#batch.length === MAX_SPANS ||
      this.#characters >= MAX_CHARACTERS;
    if (isFull) this.#writeBatch();
  }

  #writeBatch(): void {
    if (this.#batch.length === 0) return;
    const { isTerminal } = this.#out;
    const begin = `{"resourceSpans":[{"resource":${JSON.stringify(RESOURCE)},` +
      `"scopeSpans":[{"scope":${JSON.stringify(SCOPE)},"spans":[`;
    const line = `${begin}${this.#batch.join(",")}]}]}]}`;
    this.#out.writeText(`${isTerminal ? visibleText(line) : line}\n`);
    this.#batch = [];
    this.#characters = 0;
  }

  end(): void {
    this.#open.addLost(this.#spans, (test) => this.#add(test));
    // An empty stream is no run.
    if (this.#traceId !== "") this.#writeRun();
    this.#writeBatch();
  }

  #writeRun(): void {
    const count = (outcome: Outcome) => this.#outcomes.get(outcome) ?? 0;
    const failures = count("fail") + count("uxsuccess");
    const lost = count("lost");
    const status = failures > 0 ? "failure" : lost > 0 ? "aborted" : "success";
    const message = [
      failures > 0 ? `${failures} failed` : "",
      lost > 0 ? `${lost} lost` : "",
    ].filter((words) => words !== "").join(", ");
    this.#write({
      traceId: this.#traceId,
      spanId: this.#rootId,
      name: "tests",
      kind: INTERNAL,
      startTimeUnixNano: `${this.#spans.first ?? 0n}`,
      endTimeUnixNano: `${this.#spans.latest ?? 0n}`,
      attributes: attributes({
        "test.suite.name": "tests",
        "test.suite.run.status": status,
      }),
      status: message === "" ? { code: OK } : { code: ERROR, message },
    });
  }
}
