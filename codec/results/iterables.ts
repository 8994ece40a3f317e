/**
 * The bytes of a stream as async iterables of items, events and tests.
 *
 * Each reads a chunk when its consumer asks for more than the last one gave,
 * and nothing ahead. A consumer that leaves (`break`, `return()`) cancels the
 * source.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { PacketDecoder, type StreamItem } from "../v2/decoder.ts";
import { itemEvents } from "../v2/item_events.ts";
import type { ByTestOptions } from "./test_sinks.ts";
import { type Test, TestCollator } from "./collator.ts";
import type { EventSink } from "./sinks.ts";

/** The bytes of a stream: chunks, cut anywhere. */
export type ByteSource =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** Chunks of a web stream where streams are not async iterable. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
    reader.releaseLock();
  }
}

/**
 * Yields the items of a stream: packets, foreign bytes and damage. They own
 * their bytes.
 *
 * @example
 * ```ts
 * import { itemsOf } from "@subunit/codec/results";
 *
 * const source = [Uint8Array.fromHex("b329010c03666f6f08555f1b")];
 * for await (const item of itemsOf(source)) {
 *   if (item.kind === "packet") console.log(item.testId, item.status); // foo exists
 *   if (item.kind === "damage") console.log(item.reason);
 * }
 * ```
 */
export async function* itemsOf(
  source: ByteSource,
): AsyncGenerator<StreamItem, void, undefined> {
  const decoder = new PacketDecoder();
  const isIterable = Symbol.asyncIterator in source ||
    Symbol.iterator in source;
  for await (const chunk of isIterable ? source : chunksOf(source)) {
    decoder.push(chunk);
    for (let item; (item = decoder.next()) !== undefined;) yield item.copy();
  }
  decoder.end();
  for (let item; (item = decoder.next()) !== undefined;) yield item.copy();
}

/**
 * Yields everything in a stream as events; see {@linkcode itemEvents} for
 * foreign bytes and damage. The events own their bytes. `break` cancels the
 * source.
 *
 * @example
 * ```ts
 * import { encodePacket } from "@subunit/codec";
 * import { eventsOf } from "@subunit/codec/results";
 *
 * const event = { testId: "a", status: "fail", runnable: true } as const;
 * const stream = ReadableStream.from([encodePacket(event)]);
 * for await (const { testId, status } of eventsOf(stream)) {
 *   console.log(testId, status); // a fail
 *   if (status === "fail") break;
 * }
 * ```
 */
export async function* eventsOf(
  source: ByteSource,
): AsyncGenerator<StatusEvent, void, undefined> {
  for await (const item of itemsOf(source)) yield* itemEvents(item);
}

/**
 * Yields the tests of a stream, each when it ends, and the lost ones at the
 * end. Damage is a failed test `subunit.parser`. The tests own their bytes.
 *
 * @example
 * ```ts
 * import { encodePacket } from "@subunit/codec";
 * import { testsOf } from "@subunit/codec/results";
 *
 * const started = { testId: "a", status: "inprogress", runnable: true } as const;
 * for await (const test of testsOf([encodePacket(started)])) {
 *   console.log(test.testId, test.outcome); // a lost
 * }
 * ```
 */
export async function* testsOf(
  source: ByteSource,
  { attachments = true }: ByTestOptions = {},
): AsyncGenerator<Test, void, undefined> {
  const collator = new TestCollator({ attachments, borrows: false });
  for await (const event of eventsOf(source)) {
    const test = collator.add(event);
    if (test !== undefined) yield test;
  }
  yield* collator.lost();
}

/**
 * Sends a run to a sink: start, the events, and stop, also when reading fails.
 *
 * @throws what reading throws
 * @example
 * ```ts
 * import { encodePacket } from "@subunit/codec";
 * import { eventsOf, pipeEvents, RunSummary } from "@subunit/codec/results";
 *
 * const event = { testId: "a", status: "success", runnable: true } as const;
 * const summary = new RunSummary();
 * await pipeEvents(eventsOf([encodePacket(event)]), summary);
 * console.log(summary.counts.isGood); // true
 * ```
 */
export async function pipeEvents(
  events: AsyncIterable<StatusEvent> | Iterable<StatusEvent>,
  sink: EventSink,
): Promise<void> {
  sink.start?.();
  try {
    for await (const event of events) sink.status(event);
  } finally {
    sink.stop?.();
  }
}
