/**
 * The laws of the codec, in this process: thousands of inputs a second.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  encodePacket,
  eventFromJson,
  eventToJson,
  PacketDecoder,
  PacketEncoder,
  type StatusEvent,
  Summary,
  TestCollator,
} from "@subunit/codec";
import { CborDecoder, eventFromCbor, eventToCbor } from "@subunit/codec/cbor";
import { GoJsonDecoder } from "@subunit/codec/gojson";
import { JunitDecoder } from "@subunit/codec/junit";
import { TapDecoder } from "@subunit/codec/tap";
import { toUtf8 } from "@subunit/codec/text";
import { V1Decoder } from "@subunit/codec/v1";
import {
  decodeChunks,
  type EventDecoder,
} from "../../codec/_testing/decode_chunks.ts";
import { equalBytes } from "../../tests/support/streams.ts";
import type { Format, Input, Random } from "./inputs.ts";
import { bytesOf, countTests, packetsIn, type PlainPacket } from "./reader.ts";

/** A law that does not hold. */
export interface Breach {
  readonly law:
    | "identity"
    | "no packet lost"
    | "no crash"
    | "no engine message"
    | "cuts"
    | "runtimes";
  /** The decoder, or the call of a tool. */
  readonly subject: string;
  /** The call, if it is a tool that broke it. */
  readonly call?: { readonly tool: string; readonly args: readonly string[] };
  readonly detail: string;
}

/** What only the engine writes. */
const ENGINE_MESSAGE =
  /Unexpected (token|end|identifier)|is not (a function|iterable|defined|valid JSON)|\b(Syntax|Type|Range|Reference)Error\b|Cannot read propert|Invalid (array|string) length|Invalid time value|Maximum call stack|Uncaught|\bERR_|\bat (file|ext|async|node):?|panicked|this is a defect|detached|JSON at position|out of memory|FATAL/;

/** Returns the part of a text that only the engine writes, if there is any. */
export function engineMessage(text: string): string | undefined {
  return ENGINE_MESSAGE.exec(text)?.[0];
}

/** Reads chunks and returns what is in them: the same for all ways to cut. */
export type Read = (chunks: readonly Uint8Array[]) => readonly unknown[];

/** A decoder's error has a text of the engine. */
class EngineMessage extends Error {}

const encoder = new PacketEncoder();

/** Reads a format whose decoder returns events: those must fit into packets. */
function reader(newDecoder: () => EventDecoder): Read {
  return (chunks) => {
    const events = decodeChunks(newDecoder(), chunks);
    for (const event of events) encoder.encodeEach(event, () => {});
    return events;
  };
}

/** The same for a decoder that needs UTF-8. */
function utf8Reader(newDecoder: () => EventDecoder): Read {
  const read = reader(newDecoder);
  return (chunks) => read(Array.from(copies(toUtf8(lent(chunks)))));
}

/** Copies of chunks, taken back before the next as a runtime's reader does. */
function* lent(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    const copy = chunk.slice();
    yield copy;
    copy.buffer.transfer();
  }
}

function* copies(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) yield chunk.slice();
}

/** Returns the message of an error that callers expect; throws others. */
function expected(error: unknown): string {
  const { message, name } = error as Error;
  if (!/^(Syntax|Type|Range)Error$/.test(name)) throw error;
  if (engineMessage(message) !== undefined) throw new EngineMessage(message);
  return message;
}

/** Joins runs of text: how they are split depends on the chunks. */
class Shown {
  readonly list: unknown[] = [];
  #text: Uint8Array | undefined;

  text(bytes: Uint8Array): void {
    if (this.#text !== undefined) this.list.pop();
    this.#text = this.#text ? concat([this.#text, bytes]) : bytes.slice();
    this.list.push(this.#text);
  }

  add(value: unknown): void {
    this.#text = undefined;
    this.list.push(value);
  }
}

/** The decoders by their format. A test replaces them with broken ones. */
export const READERS: Readonly<Record<Format, Read>> = {
  v2(chunks) {
    const shown = new Shown(), decoder = new PacketDecoder();
    const drain = () =>
      decoder.drain((item) => {
        if (item.kind === "packet") shown.add(item.toEvent());
        else if (item.kind === "foreign") shown.text(item.bytes);
        else shown.add([item.reason, item.bytes.slice()]);
      });
    for (const chunk of lent(chunks)) {
      decoder.push(chunk);
      drain();
    }
    decoder.end();
    drain();
    return shown.list;
  },
  v1(chunks) {
    const shown = new Shown();
    const decoder = new V1Decoder({
      event: (event) =>
        shown.add({
          ...event,
          id: event.testId,
          bytes: event.fileBytes?.slice(),
        }),
      packet: (packet) => shown.add(packet.toEvent()),
      text: (bytes) => shown.text(bytes),
    });
    for (const chunk of lent(chunks)) decoder.push(chunk);
    decoder.end();
    return shown.list;
  },
  tap: utf8Reader(() => new TapDecoder()),
  gojson: utf8Reader(() => new GoJsonDecoder()),
  xml(chunks) {
    // Without a report's own times, the clock gives them.
    const decoder = new JunitDecoder({
      now: () => ({ seconds: 1e9, nanoseconds: 0 }),
    });
    const events = reader(() => decoder)(chunks);
    const message = engineMessage(decoder.error ?? "");
    if (message !== undefined) throw new EngineMessage(decoder.error);
    return events;
  },
  json(chunks) {
    return new TextDecoder().decode(concat([...chunks])).split("\n").map(
      (line) => {
        try {
          encoder.encodeEach(eventFromJson(line), () => {});
          return line;
        } catch (error) {
          return expected(error);
        }
      },
    );
  },
  cbor(chunks) {
    const shown: unknown[] = [], decoder = new CborDecoder();
    const take = (item: unknown) => {
      try {
        const event = eventFromCbor(item);
        encoder.encodeEach(event, () => {});
        shown.push(eventToJson(event));
      } catch (error) {
        shown.push(expected(error));
      }
    };
    try {
      for (const chunk of lent(chunks)) decoder.push(chunk, take);
      decoder.end();
    } catch (error) {
      shown.push(expected(error));
    }
    return shown;
  },
};

/** Values as text, with the fields of objects in one order. */
function show(values: unknown): string {
  return JSON.stringify(values, (_, value) => {
    if (value instanceof Uint8Array) return value.toHex();
    if (Array.isArray(value) || typeof value !== "object" || value === null) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1),
    );
  });
}

/** A law, and how it is broken. */
type Finding = readonly [Breach["law"], string] | undefined;

/** Checks an input with the decoder of its format. */
export function codecBreach(
  { format, bytes }: Input,
  random: Random,
  readers: Readonly<Record<Format, Read>> = READERS,
): Breach | undefined {
  const read = readers[format];
  let finding: Finding;
  try {
    finding = cutLaw(bytes, read, random) ??
      (format === "v2" ? packetLaws(bytes, read) : undefined);
  } catch (error) {
    const isEngine = error instanceof EngineMessage;
    const { stack } = error as Error;
    finding = [isEngine ? "no engine message" : "no crash", `${stack}`];
  }
  if (finding === undefined) return undefined;
  return { law: finding[0], subject: format, detail: finding[1] };
}

function cutLaw(bytes: Uint8Array, read: Read, random: Random): Finding {
  const whole = show(read([bytes]));
  const chunks: Uint8Array[] = [];
  // Not a chunk for each byte of a long input: that takes too long.
  const most = random.pick([1, 7, 100, 5000]) + (bytes.length >> 10);
  for (let at = 0; at < bytes.length;) {
    chunks.push(bytes.subarray(at, at += 1 + random.below(most)));
  }
  const cut = show(read(chunks));
  if (cut === whole) return undefined;
  return ["cuts", `whole: ${whole}\nin chunks of up to ${most}: ${cut}`];
}

function packetLaws(bytes: Uint8Array, read: Read): Finding {
  const items = read([bytes]), packets = packetsIn(bytes);
  const events: StatusEvent[] = [], parts: Uint8Array[] = [];
  for (const item of items) {
    if (item instanceof Uint8Array) parts.push(item);
    else if (Array.isArray(item)) parts.push(item[1]);
    else {
      const packet = packets[events.length];
      if (packet !== undefined) parts.push(bytesOf(bytes, packet));
      events.push(item as StatusEvent);
    }
  }
  if (events.length !== packets.length) {
    const found = `${events.length} packets, expected ${packets.length}`;
    return ["no packet lost", found];
  }
  if (!equalBytes(concat(parts), bytes)) {
    return ["identity", "the items are not the input"];
  }
  return countLaw(events, packets) ?? inverseLaw(events, read);
}

function countLaw(
  events: readonly StatusEvent[],
  packets: readonly PlainPacket[],
): Finding {
  const collator = new TestCollator({ borrows: false });
  const summary = new Summary();
  for (const event of events) {
    const test = collator.add(event);
    if (test !== undefined) summary.add(test);
  }
  for (const test of collator.end()) summary.add(test);
  const counted = show(summary.outcomes), expected = show(countTests(packets));
  if (counted === expected) return undefined;
  return ["no packet lost", `tests: ${counted}, expected ${expected}`];
}

/** Events are the same once written and read, also by way of JSON and CBOR. */
function inverseLaw(events: readonly StatusEvent[], read: Read): Finding {
  for (const event of events) {
    // Nanoseconds may carry the time past the last second that can be written.
    if ((event.timestamp?.seconds ?? 0) >= 2 ** 32) continue;
    let back: StatusEvent | undefined;
    new CborDecoder().push(
      eventToCbor(eventFromJson(eventToJson(event))),
      (item) => {
        back = eventFromCbor(item);
      },
    );
    const [again] = read([encodePacket(back!)]);
    if (show(again) !== show(event)) {
      return ["identity", `${show(event)} is ${show(again)} once written`];
    }
  }
}
