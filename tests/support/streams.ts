/**
 * Streams as input of the tools, written out and generated; and their contents.
 *
 * @module
 */

import {
  type Damage,
  encodePacket,
  PacketDecoder,
  parseTimestamp,
  type StatusEvent,
  type StreamItem,
  type Test,
  TEST_STATUSES,
  TestCollator,
  type Timestamp,
} from "@subunit/codec";
import { assert } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryText } from "../../codec/_testing/arbitrary.ts";

/** The fields of an event that matter. */
export type EventFields = Partial<StatusEvent>;

/** A stream of events, of text between them, and of bytes as they are. */
export function stream(
  ...parts: (EventFields | string | Uint8Array)[]
): Uint8Array {
  return concat(parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    if (typeof part === "string") return new TextEncoder().encode(part);
    return encodePacket({ runnable: true, ...part });
  }));
}

/** A test that passed, and one that failed. */
export const PASSED: EventFields = { testId: "passed", status: "success" };
export const FAILED: EventFields = { testId: "failed", status: "fail" };

/** The event that gives a test a status. */
export function ended(
  testId: string,
  status: EventFields["status"],
  more: EventFields = {},
): EventFields {
  return { testId, status, ...more };
}

/** The fields of an event that hold a whole file. */
export function file(
  fileName: string,
  content: string | Uint8Array,
  mimeType?: string,
): EventFields {
  return { fileName, fileBytes: stream(content), mimeType, eof: true };
}

/** The same for a file of text. */
export function textFile(
  fileName: string,
  content: string | Uint8Array,
): EventFields {
  return file(fileName, content, "text/plain;charset=utf8");
}

/** A packet with a wrong checksum. */
export function damaged(event: EventFields): Uint8Array {
  const packet = stream(event);
  packet[packet.length - 1] ^= 0xff;
  return packet;
}

/** A copy of bytes with one bit changed. */
export function flipped(
  bytes: Uint8Array,
  offset: number,
  bit = 0,
): Uint8Array {
  const changed = bytes.slice();
  changed[offset] ^= 1 << bit;
  return changed;
}

/** Bytes in pieces of a size; the last one may be shorter. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );
}

/**
 * Calls a check with the bytes up to each offset, from none to all of them in
 * steps of `step`; eight calls at a time.
 */
export async function forEachPrefix(
  bytes: Uint8Array,
  check: (prefix: Uint8Array) => Promise<void>,
  step = 1,
): Promise<void> {
  const ends: number[] = [];
  for (let end = 0; end <= bytes.length; end += step) ends.push(end);
  while (ends.length > 0) {
    const calls = ends.splice(0, 8).map((end) => check(bytes.subarray(0, end)));
    await Promise.all(calls);
  }
}

/** The items of a stream, views of its bytes. */
export function itemsIn(bytes: Uint8Array): StreamItem[] {
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  decoder.end();
  const items: StreamItem[] = [];
  decoder.drain((item) => {
    items.push(item);
  });
  return items;
}

/** The events of a stream, which must consist of packets. */
export function eventsIn(bytes: Uint8Array): StatusEvent[] {
  return itemsIn(bytes).map((item) => {
    assert(item.kind === "packet", `there is ${item.kind} in the stream`);
    return item.toEvent();
  });
}

/** The tests of a stream in the order of their ends, and its damage in place. */
export function testsIn(bytes: Uint8Array): (Test | Damage)[] {
  const collator = new TestCollator();
  const found: (Test | Damage)[] = [];
  for (const item of itemsIn(bytes)) {
    if (item.kind === "damage") found.push(item);
    const test = item.kind === "packet" ? collator.add(item) : undefined;
    if (test !== undefined) found.push(test);
  }
  return [...found, ...collator.end()];
}

/** The events that report an outcome. */
export function outcomesIn(events: readonly StatusEvent[]): StatusEvent[] {
  return events.filter(({ status }) =>
    status !== undefined && status !== "inprogress"
  );
}

/** Id, status and tags of each event that reports an outcome. */
export function taggedOutcomesIn(events: readonly StatusEvent[]): string[] {
  return outcomesIn(events).map(({ testId, status, tags = [] }) =>
    `${testId} ${status} ${tags}`
  );
}

/** The content of a file of a test, or of a file without a test. */
export function fileIn(
  events: readonly StatusEvent[],
  testId: string | undefined,
  fileName: string,
): string {
  const parts = events.filter((event) =>
    event.testId === testId && event.fileName === fileName
  );
  const content = concat(parts.map(({ fileBytes }) => fileBytes!));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
}

/** Compares bytes that are too long for a failed assertion to show. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** A time on a fixed day. */
export function at(time: string): Timestamp {
  return parseTimestamp(`2026-01-31T${time}Z`);
}

/** A sample that is the same in every run; the test's name has the seed. */
export function sample<T>(
  arbitrary: fc.Arbitrary<T>,
  count: number,
  seed: number,
): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed });
}

/** Text that a packet can hold: any character but NUL. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
  arbitraryText({ maxLength: 30 }),
  fc.constantFrom("", "\ufeffbom", "\ufeff", "ы г ³", "\x1b[31m", "a\r\nb"),
  // Around the lengths where a number takes another octet.
  fc.constantFrom("x".repeat(63), "x".repeat(64)),
).map((text) => text.replaceAll("\0", ""));

/** File content: bytes, valid text, and lengths at the edges of the format. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  arbitraryText().map((text) => new TextEncoder().encode(text)),
  fc.constantFrom("", "\0", "\ufeff", "\ufeffa\0b").map((text) =>
    new TextEncoder().encode(text)
  ),
  fc.constantFrom(63, 64, 16300, 16383, 16384).map((length) =>
    new Uint8Array(length).fill(0xb3)
  ),
);

/** A time that a packet can hold, a multiple of `step` nanoseconds. */
export function anyTimestamp(step: number): fc.Arbitrary<Timestamp> {
  return fc.record({
    seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    nanoseconds: fc.oneof(
      fc.integer({ min: 0, max: Math.floor(999_999_999 / step) }),
      fc.constantFrom(0, Math.floor(999_999_999 / step)),
    ).map((count) => count * step),
  });
}

/** Any event; for Python its time must be in whole microseconds. */
export function anyEvent(
  { nanoseconds = 1 }: { nanoseconds?: number } = {},
): fc.Arbitrary<StatusEvent> {
  const file = fc.option(
    fc.record({ fileName: anyText, fileBytes: anyBytes }),
    { nil: {} },
  );
  const rest = fc.record({
    testId: anyText,
    status: fc.constantFrom(...TEST_STATUSES),
    tags: fc.uniqueArray(anyText, { maxLength: 4 }),
    eof: fc.constant(true),
    mimeType: anyText,
    routeCode: anyText,
    timestamp: anyTimestamp(nanoseconds),
    parentTestId: anyText,
  }, { requiredKeys: [] });
  return fc.tuple(fc.boolean(), rest, file)
    .map(([runnable, rest, file]) => ({ runnable, ...rest, ...file }));
}

/** Packets between text, noise, and damaged or truncated packets. */
export const noisyStream: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    anyEvent().map((event) => stream(event)),
    anyEvent().map((event) => damaged(event)),
    fc.tuple(anyEvent(), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([event, part]) => {
        const packet = stream(event);
        return packet.subarray(0, Math.ceil(part * packet.length));
      }),
    // Headers, mostly.
    fc.array(fc.constantFrom(0xb3, 0x29, 0x2b, 0x03, 0x40, 0xd0, 0xff, 0x0a))
      .map((bytes) => Uint8Array.from(bytes)),
    fc.uint8Array(),
    fc.constantFrom("text\n", "г", "³").map((text) => stream(text)),
  ),
  { maxLength: 50 },
).map((parts) => concat(parts));

/** The tests of a run; most parents are tests of the same run. */
export interface RunShape {
  readonly maxTests?: number;
  readonly tags?: readonly string[];
  readonly routes?: readonly (string | undefined)[];
  readonly parents?: boolean;
}

/**
 * The events of a run: concurrent tests that start, attach files and end,
 * most of them. Ids are unique on each route.
 */
export function anyRun(
  { maxTests = 12, tags = ["slow", "net"], routes = [undefined], parents }:
    RunShape = {},
): fc.Arbitrary<EventFields[]> {
  const someTags = fc.option(fc.subarray([...tags], { minLength: 1 }), {
    nil: undefined,
  });
  const file = fc.record({
    fileName: fc.constantFrom("log", "traceback"),
    content: fc.constantFrom("boom", "ok fine", "Error: 7", ""),
  }).map(({ fileName, content }) => ({
    fileName,
    fileBytes: new TextEncoder().encode(content),
    mimeType: "text/plain",
    eof: true,
  }));
  const anyTest = fc.record({
    route: fc.constantFrom(...routes),
    parent: fc.option(fc.nat(maxTests), { nil: undefined }),
    started: fc.option(fc.record({ tags: someTags }), { nil: undefined }),
    files: fc.array(file, { maxLength: 2 }),
    ended: fc.option(
      fc.record({
        status: fc.constantFrom(
          "success",
          "success",
          "uxsuccess",
          "skip",
          "fail",
          "xfail",
        ),
        tags: someTags,
      }),
      { nil: undefined, freq: 6 },
    ),
    exists: fc.boolean(),
    times: fc.array(fc.nat(999), { minLength: 5, maxLength: 5 }),
  });
  return fc.array(anyTest, { maxLength: maxTests }).map((tests) =>
    tests.flatMap(
      ({ route, parent, exists, started, files, ended, times }, i) => {
        const named: EventFields = {
          testId: `pkg.test_${i}`,
          ...(route === undefined ? {} : { routeCode: route }),
          ...(parents && parent !== undefined && parent !== i
            ? { parentTestId: `pkg.test_${parent}` }
            : {}),
        };
        // A test gains tags and loses none.
        const grown = started?.tags && ended?.tags
          ? { tags: [...new Set([...started.tags, ...ended.tags])] }
          : {};
        const events: EventFields[] = [
          ...(exists ? [{ ...named, status: "exists" }] : []),
          ...(started ? [{ ...named, status: "inprogress", ...started }] : []),
          ...files.map((file) => ({ ...named, ...file })),
          ...(ended ? [{ ...named, ...ended, ...grown }] : []),
        ] as EventFields[];
        const order = times.toSorted((a, b) => a - b);
        return events.map((event, j) => ({
          ...event,
          timestamp: { seconds: 1e9 + order[j], nanoseconds: i * 1000 },
        }));
      },
    ).toSorted((a, b) => a.timestamp.seconds - b.timestamp.seconds)
  );
}

/** The events of several runs as one, with ids that no two runs share. */
export function joinedRuns(
  runs: readonly (readonly EventFields[])[],
  rename: (testId: string, run: number) => string = (testId, run) =>
    `r${run}.${testId}`,
): EventFields[] {
  return runs.flatMap((events, run) =>
    events.map(({ testId, parentTestId, ...event }) => ({
      ...event,
      ...(testId === undefined ? {} : { testId: rename(testId, run) }),
      ...(parentTestId === undefined
        ? {}
        : { parentTestId: rename(parentTestId, run) }),
    }))
  );
}
