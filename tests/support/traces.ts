/**
 * Validators of trace formats, written from their specifications: the Trace Event
 * Format ("JSON Array Format") and OTLP/JSON, of opentelemetry-proto's
 * `trace.proto` and its rules for JSON.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

/** An event of a trace for Chrome. */
export interface ChromeEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: string;
  readonly s?: string;
  readonly cname?: string;
  readonly args?: Record<string, unknown>;
}

/** The keys that an event of each phase must have, and those it may have. */
const PHASES: Record<string, readonly [required: string[], more: string[]]> = {
  X: [["ts", "dur", "cat"], ["cname", "args"]],
  i: [["ts", "s", "cat"], ["cname", "args"]],
  b: [["ts", "id", "cat"], ["cname", "args"]],
  e: [["ts", "id", "cat"], ["args"]],
  M: [["args"], []],
};

/** The argument of each kind of metadata. */
const METADATA: Record<string, [key: string, type: string]> = {
  process_name: ["name", "string"],
  process_labels: ["labels", "string"],
  thread_name: ["name", "string"],
  thread_sort_index: ["sort_index", "number"],
};

/** Reserved names of colors, of those in catapult's `color_scheme.html`. */
const COLORS = ["good", "bad", "terrible", "grey", "black", "white", "olive"];

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Reads a trace for Chrome and checks it; the text is all of it. */
export function chromeEvents(text: string): ChromeEvent[] {
  const events: ChromeEvent[] = JSON.parse(text);
  assert(Array.isArray(events));
  for (const event of events) checkChromeEvent(event);
  checkNames(events);
  checkNesting(events);
  checkAsync(events);
  return events;
}

/**
 * Reads a trace that may break off. An array needs no end; Perfetto leaves out an
 * event that is not whole, too.
 */
export function chromeEventsOfPart(text: string): ChromeEvent[] {
  const parts = [text, `${text.replace(/,\s*$/, "")}]`];
  const last = text.lastIndexOf("\n{");
  parts.push(`${text.slice(0, Math.max(1, last)).replace(/,$/, "")}]`);
  return chromeEvents(parts.find(isJson)!);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkChromeEvent(event: ChromeEvent): void {
  const shown = JSON.stringify(event);
  const [required, more] = PHASES[event.ph] ?? [];
  assert(required && more, shown);
  const keys = ["name", "ph", "pid", "tid", ...required];
  for (const key of keys) assert(Object.hasOwn(event, key), `${key}: ${shown}`);
  for (const key of Object.keys(event)) {
    assert([...keys, ...more].includes(key), `${key}: ${shown}`);
  }
  assertEquals(typeof event.name, "string");
  assert(isTime(event.pid) && isTime(event.tid), shown);
  if (event.ts !== undefined) assert(isTime(event.ts), shown);
  if (event.dur !== undefined) assert(isTime(event.dur), shown);
  if (event.cat !== undefined) assertEquals(typeof event.cat, "string");
  if (event.s !== undefined) assert("tpg".includes(event.s), shown);
  if (event.id !== undefined) assert(/^0x[0-9a-f]+$/.test(event.id), shown);
  if (event.cname !== undefined) assert(COLORS.includes(event.cname), shown);
  if (event.ph === "M") {
    const [key, type] = METADATA[event.name];
    assertEquals(Object.keys(event.args!), [key]);
    assertEquals(typeof event.args![key], type);
  }
}

/** Threads with events have one name, given before; no two have the same. */
function checkNames(events: readonly ChromeEvent[]): void {
  const names = new Map<number, unknown>();
  for (const { name, ph, s, tid, args } of events) {
    if (ph === "M" && name === "thread_name") {
      assert(!names.has(tid), `thread ${tid} has two names`);
      names.set(tid, args!.name);
    }
    if (ph === "X" || s === "t") assert(names.has(tid), `${tid} has no name`);
  }
  assertEquals(new Set(names.values()).size, names.size);
}

/** On a thread, any two events are apart or one encloses the other. */
function checkNesting(events: readonly ChromeEvent[]): void {
  const threads = Map.groupBy(
    events.filter(({ ph, s }) => ph === "X" || s === "t"),
    ({ tid }) => tid,
  );
  for (const thread of threads.values()) {
    const ends: number[] = [];
    let last = -1;
    for (const [start, end] of spansOf(thread)) {
      while (ends.length > 0 && !isOver(ends.at(-1)!, start, end)) ends.pop();
      const outer = ends.at(-1) ?? Infinity;
      assert(end <= outer, `${start} to ${end} overlaps what ends at ${outer}`);
      assert(start >= last);
      ends.push(end);
      // Perfetto drops what is deeper than 255.
      assert(ends.length < 255, `${ends.length} events on one another`);
      last = start;
    }
  }
}

/** Whether an event that ends then is still open, as Perfetto decides it. */
function isOver(end: number, start: number, newEnd: number): boolean {
  return end > start || end === start && start === newEnd;
}

/**
 * Starts and ends, in order. Of those that start at once the first one written is
 * the outer one.
 */
function spansOf(events: readonly ChromeEvent[]): [number, number][] {
  return events
    .map(({ ts, dur = 0 }): [number, number] => [ts!, ts! + dur])
    .sort(([a], [b]) => a - b);
}

/** Each id begins once and ends once, no earlier. */
function checkAsync(events: readonly ChromeEvent[]): void {
  const open = new Map<string, ChromeEvent>();
  for (const event of events) {
    const { ph, id, cat, name } = event;
    const key = JSON.stringify([cat, id]);
    if (ph === "b") {
      assert(!open.has(key), `${key} begins twice`);
      open.set(key, event);
    } else if (ph === "e") {
      const begin = open.get(key);
      assertEquals(begin?.name, name);
      assert(event.ts! >= begin!.ts!);
      open.delete(key);
    }
  }
  assertEquals(open.size, 0, "some never end");
}

/** A span of a trace for OpenTelemetry. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly arrayValue?: { readonly values: { stringValue: string }[] };
  };
}

/** Values that the semantic conventions know, and ours. */
const CONVENTIONS: Record<string, readonly string[]> = {
  "test.case.result.status": ["pass", "fail", "skip", "xfail"],
  "test.suite.run.status": ["success", "failure", "skipped", "aborted"],
};

function assertKeys(value: object, required: string[], more: string[] = []) {
  const keys = Object.keys(value);
  for (const key of required) assert(keys.includes(key), `no ${key}`);
  for (const key of keys) assert([...required, ...more].includes(key), key);
}

/** Reads lines of requests to export spans, and checks them. */
export function otlpSpans(text: string): OtlpSpan[] {
  assert(text === "" || text.endsWith("\n"));
  const spans = text.split("\n").slice(0, -1).flatMap((line) => {
    const request = JSON.parse(line);
    assertKeys(request, ["resourceSpans"]);
    const [{ resource, scopeSpans }, ...others] = request.resourceSpans;
    assertEquals(others, []);
    assertKeys(resource, ["attributes"]);
    checkAttributes(resource.attributes);
    const [{ scope, spans }, ...otherScopes] = scopeSpans;
    assertEquals(otherScopes, []);
    assertKeys(scope, ["name", "version"]);
    assert(spans.length > 0 && spans.length <= 512);
    return spans as OtlpSpan[];
  });
  for (const span of spans) checkSpan(span);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  assertEquals(ids.size, spans.length, "span ids are not unique");
  assert(new Set(spans.map(({ traceId }) => traceId)).size <= 1);
  return spans;
}

/** All parents exist, and every span is below the one without a parent. */
export function assertTree(spans: readonly OtlpSpan[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  assertEquals(roots.length, spans.length === 0 ? 0 : 1);
  for (const span of spans) {
    let at = span;
    for (let steps = 0; at.parentSpanId !== undefined; steps++) {
      assert(steps <= spans.length, `${span.name} is its own ancestor`);
      const parent = byId.get(at.parentSpanId);
      assert(parent !== undefined, `${at.name} has a parent without a span`);
      at = parent;
    }
  }
}

function checkSpan(span: OtlpSpan): void {
  assertKeys(span, [
    "traceId",
    "spanId",
    "name",
    "kind",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "status",
  ], ["parentSpanId"]);
  // Ids are hexadecimal, other than in JSON of protocol buffers in general.
  assert(/^(?!0+$)[0-9a-f]{32}$/.test(span.traceId), span.traceId);
  for (const id of [span.spanId, span.parentSpanId ?? span.spanId]) {
    assert(/^(?!0+$)[0-9a-f]{16}$/.test(id), id);
  }
  assertEquals(span.kind, 1);
  const { startTimeUnixNano: start, endTimeUnixNano: end } = span;
  for (const time of [start, end]) {
    assert(typeof time === "string" && /^(0|[1-9]\d{0,19})$/.test(time), time);
  }
  assert(BigInt(end) >= BigInt(start));
  assertKeys(span.status, [], ["code", "message"]);
  assert([undefined, 1, 2].includes(span.status.code));
  // Only an error has a message.
  assertEquals(span.status.message !== undefined, span.status.code === 2);
  checkAttributes(span.attributes);
}

function checkAttributes(attributes: readonly OtlpAttribute[]): void {
  const keys = attributes.map(({ key }) => key);
  assertEquals(new Set(keys).size, keys.length);
  for (const { key, value } of attributes) {
    const [kind, ...others] = Object.keys(value);
    assertEquals(others, []);
    if (kind === "arrayValue") {
      for (const one of value.arrayValue!.values) {
        assertEquals(Object.keys(one), ["stringValue"]);
      }
    } else {
      assertEquals(typeof value.stringValue, "string");
    }
    const known = CONVENTIONS[key];
    if (known) assert(known.includes(value.stringValue!), value.stringValue);
    else assert(/^(test\.|subunit\.|service\.name$)/.test(key), key);
  }
}

/** The attributes of a span that are text. */
export function attributesOf(span: OtlpSpan): Record<string, string> {
  return Object.fromEntries(
    span.attributes.flatMap(({ key, value }) =>
      value.stringValue === undefined ? [] : [[key, value.stringValue]]
    ),
  );
}
