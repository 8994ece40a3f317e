/**
 * Helpers for the tests of decoders: collect events from chunks and show them.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "../event.ts";

/** The interface of all decoders of foreign formats. */
export interface EventDecoder {
  push(chunk: Uint8Array): StatusEvent[];
  end(): StatusEvent[];
}

/** Returns all events of the chunks, with the parts of each file joined. */
export function decodeChunks(
  decoder: EventDecoder,
  chunks: Iterable<Uint8Array>,
): StatusEvent[] {
  const events: StatusEvent[] = [];
  for (const chunk of lent(chunks)) events.push(...decoder.push(chunk));
  return joinParts([...events, ...decoder.end()]);
}

/**
 * Yields copies of the chunks, each overwritten before the next: the owner of a
 * chunk may reuse it.
 */
export function* lent(
  chunks: Iterable<Uint8Array>,
  overwrittenWith = 0x21,
): Generator<Uint8Array> {
  for (const chunk of chunks) {
    const copy = chunk.slice();
    yield copy;
    copy.fill(overwrittenWith);
  }
}

/** Joins consecutive parts of a file. */
export function joinParts(events: StatusEvent[]): StatusEvent[] {
  const joined: StatusEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (last?.fileBytes && event.fileBytes && isMore(event, last)) {
      const fileBytes = concat([last.fileBytes, event.fileBytes]);
      joined[joined.length - 1] = { ...last, ...event, fileBytes };
    } else {
      joined.push(event);
    }
  }
  return joined;
}

function isMore(event: StatusEvent, last: StatusEvent): boolean {
  return !last.eof && event.testId === last.testId &&
    event.fileName === last.fileName;
}

/** Yields the bytes whole, byte by byte, and cut at every offset. */
export function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  for (let at = 1; at < bytes.length; at++) {
    yield [bytes.subarray(0, at), new Uint8Array(0), bytes.subarray(at)];
  }
}

/** Checks that a result is the same however its input is cut. */
export function assertCuts<T>(
  bytes: Uint8Array,
  decode: (chunks: Uint8Array[]) => T,
  message?: string,
): void {
  const expected = decode([bytes]);
  for (const chunks of cuts(bytes)) {
    assertEquals(decode(chunks), expected, message);
  }
}

/** Checks that a decoder ends once, and refuses chunks then. */
export function assertEnds(decoder: EventDecoder): void {
  decoder.end();
  assertEquals(decoder.end(), []);
  assertThrows(() => decoder.push(new Uint8Array(0)), TypeError, "has ended");
}

/** An event on a line: "id (of parent): status #tag [file: content]". */
export function show(event: StatusEvent): string {
  const { testId, parentTestId, status, tags = [], fileName } = event;
  const file = fileName &&
    `[${fileName}: ${new TextDecoder().decode(event.fileBytes)}]`;
  const parent = parentTestId === undefined ? "" : ` (of ${parentTestId})`;
  return [
    testId === undefined ? undefined : `${testId}${parent}:`,
    status,
    ...tags.map((tag) => `#${tag}`),
    file,
  ].filter((part) => part !== undefined).join(" ");
}

/** The ids of the tests that start and never end, or end without a start. */
export function lostTests(events: StatusEvent[]): string[] {
  const open = new Set<string>();
  for (const { testId, status } of events) {
    if (testId === undefined) continue;
    if (status === undefined || status === "inprogress") open.add(testId);
    else open.delete(testId);
  }
  return [...open];
}

/** Returns whether a packet can hold an event's strings. */
export function isWritable(event: StatusEvent): boolean {
  const { testId = "", parentTestId = "", tags = [], fileName = "" } = event;
  return [testId, parentTestId, fileName, ...tags].every((text) =>
    text.isWellFormed() && !text.includes("\0")
  );
}
