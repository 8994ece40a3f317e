/**
 * Streams to feed the tools with: written out, and generated.
 *
 * @module
 */

import {
  encodePacket,
  PacketDecoder,
  parseTimestamp,
  type StatusEvent,
  TEST_STATUSES,
  type Timestamp,
} from "@subunit/codec";
import { assert } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";

/** An event, where only what matters is said. */
export type Said = Partial<StatusEvent>;

/** Events, text between them, and bytes as they are: one stream. */
export function stream(...parts: (Said | string | Uint8Array)[]): Uint8Array {
  return concat(parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    if (typeof part === "string") return new TextEncoder().encode(part);
    return encodePacket({ runnable: true, ...part });
  }));
}

/** What of an event is a whole file. */
export function file(
  fileName: string,
  content: string | Uint8Array,
  mimeType?: string,
): Said {
  return { fileName, fileBytes: stream(content), mimeType, eof: true };
}

/** A packet with a byte of its checksum changed. */
export function damaged(event: Said): Uint8Array {
  const packet = stream(event);
  packet[packet.length - 1] ^= 0xff;
  return packet;
}

/** The events of a stream, which must be packets and nothing else. */
export function eventsIn(bytes: Uint8Array): StatusEvent[] {
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  decoder.end();
  const events: StatusEvent[] = [];
  decoder.drain((item) => {
    assert(item.kind === "packet", `there is ${item.kind} in the stream`);
    events.push(item.toEvent());
  });
  return events;
}

/** For what is too long to be shown when it differs. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** A time of the day. */
export function at(time: string): Timestamp {
  return parseTimestamp(`2026-01-31T${time}Z`);
}

/** The same sample in every run, for a seed a test names. */
export function sample<T>(
  arbitrary: fc.Arbitrary<T>,
  count: number,
  seed: number,
): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed });
}

/** Text the format can hold: any character but NUL, the BOM among them. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("", "\ufeffbom", "\ufeff", "ы г ³", "\x1b[31m", "a\r\nb"),
  // Around the lengths where a number takes another octet.
  fc.constantFrom("x".repeat(63), "x".repeat(64)),
).map((text) => text.replaceAll("\0", ""));

/** File content: any bytes, sound text and edges of lengths among them. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
  fc.constantFrom("", "\0", "\ufeff", "\ufeffa\0b").map((text) =>
    new TextEncoder().encode(text)
  ),
  fc.constantFrom(63, 64, 16300, 16383, 16384).map((length) =>
    new Uint8Array(length).fill(0xb3)
  ),
);

/** A time a packet can hold, in steps of so many nanoseconds. */
export function anyTimestamp(step: number): fc.Arbitrary<Timestamp> {
  return fc.record({
    seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    nanoseconds: fc.oneof(
      fc.integer({ min: 0, max: Math.floor(999_999_999 / step) }),
      fc.constantFrom(0, Math.floor(999_999_999 / step)),
    ).map((count) => count * step),
  });
}

/** Any event; its time in whole microseconds, if Python is to read it. */
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

/** Packets between text, noise, and packets that are damaged or torn. */
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

/** What runs are made of; parents are tests of the run, mostly. */
export interface RunShape {
  readonly maxTests?: number;
  readonly tags?: readonly string[];
  readonly routes?: readonly (string | undefined)[];
  readonly parents?: boolean;
}

/**
 * The events of a run: tests side by side that start, attach files and end,
 * most of them; on each route no two with the same id.
 */
export function anyRun(
  { maxTests = 12, tags = ["slow", "net"], routes = [undefined], parents }:
    RunShape = {},
): fc.Arbitrary<Said[]> {
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
        const named: Said = {
          testId: `pkg.test_${i}`,
          ...(route === undefined ? {} : { routeCode: route }),
          ...(parents && parent !== undefined && parent !== i
            ? { parentTestId: `pkg.test_${parent}` }
            : {}),
        };
        // A test comes to more tags, not to fewer.
        const grown = started?.tags && ended?.tags
          ? { tags: [...new Set([...started.tags, ...ended.tags])] }
          : {};
        const events: Said[] = [
          ...(exists ? [{ ...named, status: "exists" }] : []),
          ...(started ? [{ ...named, status: "inprogress", ...started }] : []),
          ...files.map((file) => ({ ...named, ...file })),
          ...(ended ? [{ ...named, ...ended, ...grown }] : []),
        ] as Said[];
        const order = times.toSorted((a, b) => a - b);
        return events.map((event, j) => ({
          ...event,
          timestamp: { seconds: 1e9 + order[j], nanoseconds: i * 1000 },
        }));
      },
    ).toSorted((a, b) => a.timestamp.seconds - b.timestamp.seconds)
  );
}
