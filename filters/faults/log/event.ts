/**
 * One event of a fault log, and the packet that it is.
 *
 * A fault log is a stream of packets. The test id names the fault, the status is
 * its new state ("exists" leaves it), tags "+name" and "-name" are added and
 * removed, the name of the file is the kind of the event, and its content is a
 * CBOR map with the rest. The event's identity is that of its bytes, so that a
 * log is a set, and joining logs is joining sets.
 *
 * @module
 */

import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketChange,
  PacketEditor,
  type TestStatus,
  type Timestamp,
} from "@subunit/codec";
import { createHash } from "../../kit/runtime/builtin.ts";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { decodeValue, encodeValue, type Value } from "./cbor.ts";

/** The kinds of events that have a meaning; others are kept and shown. */
export const KINDS = [
  "comment",
  "fact",
  "seen",
  "title",
  "text",
  "state",
  "tag",
  "same",
  "signature",
  "redact",
] as const;

/** The states of a fault, by the statuses that set them. */
export const STATES = {
  fail: "open",
  inprogress: "being worked on",
  xfail: "known",
  skip: "not ours",
  success: "fixed",
} as const satisfies Partial<Record<TestStatus, string>>;

/** A state of a fault. */
export type State = keyof typeof STATES;

/** Whether a status sets the state. */
export function isState(status: string | undefined): status is State {
  return status !== undefined && Object.hasOwn(STATES, status);
}

/** The bytes of an id. */
export const ID_BYTES = 16;
/** The most bytes of the content; larger ones are refused. */
export const MAX_BODY_BYTES = 1024 * 1024 - 1;

/** The keys of the map in an event's content. */
const KEY = {
  AUTHOR: 1,
  SUPERSEDES: 2,
  VALUE: 3,
  RUN: 4,
  COUNT: 5,
  TESTS: 6,
  VERSIONS: 7,
  REDACTS: 8,
  ENDS: 9,
} as const;

/** Where the number of runs is that an event stands for, if it is not one. */
export const VALUE_KEY = KEY.VALUE;

/** What an event consists of. Its ids are 32 digits of lower-case hex. */
export interface EventFields {
  /** The test id: "fault:" and a name. */
  readonly fault: string;
  /** The new state; undefined leaves it. */
  readonly state?: State;
  readonly time?: Timestamp;
  /** The packet's tags: "+name" adds one to the fault, "-name" removes it. */
  readonly tags?: readonly string[];
  /** One of {@linkcode KINDS}, or a newer one. */
  readonly kind: string;
  /** Who says so; of "seen" the origin: where the runs are made. */
  readonly author?: string;
  /** The events that this one replaces. */
  readonly supersedes?: readonly string[];
  readonly value?: Value;
  /** The run in which it was seen. */
  readonly run?: string;
  /** How often it was seen there. */
  readonly count?: number;
  /** Tests that it was seen in, at most 5. */
  readonly tests?: readonly string[];
  /** The versions of what was tested, by name. */
  readonly versions?: ReadonlyMap<string | number, Value>;
  /** The events that must go. */
  readonly redacts?: readonly string[];
  /** Of a redaction: the registers in which it supersedes. */
  readonly ends?: readonly string[];
  /** What a newer writer has besides. */
  readonly others?: ReadonlyMap<string | number, Value>;
}

/** An event that was read. */
export interface LogEvent extends EventFields {
  /** The identity: see {@linkcode eventId}; computed when it is asked for. */
  readonly id: string;
  /** Its bytes in a log. */
  readonly bytes: Uint8Array;
  /** Why the content cannot be read; the event then says nothing. */
  readonly unreadable?: string;
}

/** The most tests that an event names. */
export const MAX_TESTS = 5;

/**
 * Encodes an event as a packet. Equal events have equal bytes: what is a set is
 * sorted.
 *
 * @throws {RangeError} when it does not fit, or a text cannot be encoded
 */
export function encodeEvent(event: EventFields): Uint8Array {
  const { fault, state, time, tags, kind } = event;
  if (!fault.startsWith(FAULT_TAG) || fault === FAULT_TAG) {
    throw new RangeError(
      `Cannot write event of "${fault}": expected "fault:" and a name`,
    );
  }
  const fileBytes = encodeValue(bodyOf(event));
  if (fileBytes.length > MAX_BODY_BYTES) {
    throw new RangeError(
      `Cannot write event of "${fault}": its content has ${fileBytes.length} bytes, expected at most ${MAX_BODY_BYTES}`,
    );
  }
  return encodePacket({
    testId: fault,
    status: state ?? "exists",
    runnable: false,
    timestamp: time,
    tags: tags?.length ? [...new Set(tags)].sort() : undefined,
    fileName: kind,
    fileBytes,
    eof: true,
  });
}

function bodyOf(event: EventFields): Value {
  const body = new Map<string | number, Value>(event.others ?? []);
  const set = (key: number, value: Value | undefined) => {
    if (value !== undefined) body.set(key, value);
  };
  set(KEY.AUTHOR, event.author);
  set(KEY.SUPERSEDES, bytesOfIds(event.supersedes));
  set(KEY.VALUE, event.value);
  set(KEY.RUN, event.run);
  set(KEY.COUNT, event.count);
  set(KEY.TESTS, sortedSet(event.tests)?.slice(0, MAX_TESTS));
  set(KEY.VERSIONS, event.versions);
  set(KEY.REDACTS, bytesOfIds(event.redacts));
  set(KEY.ENDS, sortedSet(event.ends));
  return body;
}

function sortedSet(
  texts: readonly string[] | undefined,
): string[] | undefined {
  return texts?.length ? [...new Set(texts)].sort() : undefined;
}

function bytesOfIds(
  ids: readonly string[] | undefined,
): Uint8Array[] | undefined {
  return sortedSet(ids)?.map((id) => Uint8Array.fromHex(id));
}

/**
 * The identity of an event: the first 16 bytes of the SHA-256 of its packet, as
 * hex.
 */
export function eventId(packet: Uint8Array): string {
  return createHash("sha256").update(packet).digest("hex").slice(
    0,
    2 * ID_BYTES,
  );
}

/** The ids in bytes, one behind the other, as hex. */
export function idsIn(bytes: Uint8Array): string[] {
  const hex = bytes.toHex();
  return Array.from(
    { length: bytes.length / ID_BYTES },
    (_, i) => hex.slice(2 * ID_BYTES * i, 2 * ID_BYTES * (i + 1)),
  );
}

/** Whether a packet is an event of a fault log; others have no place in one. */
export function isEvent(packet: Packet): boolean {
  return packet.idAt >= 0 && packet.testId!.startsWith(FAULT_TAG) &&
    packet.parentAt < 0 && (packet.fileAt < 0 || packet.eof);
}

const editor = new PacketEditor();
const withoutRoute = new PacketChange({ routeCode: undefined });

/**
 * The bytes of an event as they are in a log: without the route that
 * multiplexers add. A view, valid until the next call and as long as the packet.
 */
export function canonicalBytes(packet: Packet): Uint8Array {
  return packet.routeAt < 0 ? packet.bytes : editor.edit(packet, withoutRoute);
}

/**
 * Reads an event from its bytes in a log: a view of them.
 *
 * @throws {PacketError} when they are not one packet
 */
export function decodeEvent(bytes: Uint8Array): LogEvent {
  const packet = decodePacket(bytes);
  try {
    const event = new ReadEvent(bytes, packet);
    event.readPacket(packet);
    return event;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const event = new ReadEvent(bytes, packet);
    event.unreadable = error.message;
    return event;
  }
}

/** Has all fields, in one order: objects of many shapes are slow to read. */
class ReadEvent implements LogEvent {
  readonly bytes: Uint8Array;
  readonly fault: string;
  readonly kind: string;
  readonly time: Timestamp | undefined;
  state: State | undefined = undefined;
  tags: readonly string[] | undefined = undefined;
  author: string | undefined = undefined;
  supersedes: readonly string[] | undefined = undefined;
  value: Value | undefined = undefined;
  run: string | undefined = undefined;
  count: number | undefined = undefined;
  tests: readonly string[] | undefined = undefined;
  versions: ReadonlyMap<string | number, Value> | undefined = undefined;
  redacts: readonly string[] | undefined = undefined;
  ends: readonly string[] | undefined = undefined;
  others: Map<string | number, Value> | undefined = undefined;
  unreadable: string | undefined = undefined;
  #id: string | undefined = undefined;

  constructor(bytes: Uint8Array, packet: Packet) {
    this.bytes = bytes;
    this.fault = packet.testId!;
    this.kind = packet.fileName ?? "";
    this.time = packet.timestamp;
  }

  get id(): string {
    return this.#id ??= eventId(this.bytes);
  }

  /** @throws {TypeError} when the content cannot be read */
  readPacket({ status, tags, fileBytes }: Packet): void {
    if (isState(status)) this.state = status;
    this.tags = tags;
    if (fileBytes?.length) this.#readBody(decodeValue(fileBytes));
  }

  #readBody(body: Value): void {
    if (!(body instanceof Map)) throw wrong("the content", "a map");
    for (const [key, value] of body as ReadonlyMap<string | number, Value>) {
      if (key === KEY.AUTHOR) this.author = textOf(value, "author");
      else if (key === KEY.SUPERSEDES) this.supersedes = idsOf(value);
      else if (key === KEY.VALUE) this.value = value;
      else if (key === KEY.RUN) this.run = textOf(value, "run");
      else if (key === KEY.COUNT) this.count = countOf(value);
      else if (key === KEY.TESTS) this.tests = textsOf(value, "tests");
      else if (key === KEY.VERSIONS) this.versions = mapOf(value);
      else if (key === KEY.REDACTS) this.redacts = idsOf(value);
      else if (key === KEY.ENDS) this.ends = textsOf(value, "registers");
      else (this.others ??= new Map()).set(key, value);
    }
  }
}

function wrong(field: string, expected: string): TypeError {
  return new TypeError(`Cannot read event: expected ${expected} as ${field}`);
}

function textOf(value: Value, field: string): string {
  if (typeof value === "string") return value;
  throw wrong(field, "a text");
}

function textsOf(value: Value, field: string): readonly string[] {
  if (!Array.isArray(value)) throw wrong(field, "texts");
  return value.map((item) => textOf(item, field));
}

function countOf(value: Value): number {
  if (typeof value === "number" && value >= 0) return value;
  throw wrong("the count", "a number");
}

function mapOf(value: Value): ReadonlyMap<string | number, Value> {
  if (value instanceof Map) return value;
  throw wrong("versions", "a map");
}

function idsOf(value: Value): readonly string[] {
  if (!Array.isArray(value)) throw wrong("ids", "an array");
  return value.map((item) => {
    if (item instanceof Uint8Array && item.length === ID_BYTES) {
      return item.toHex();
    }
    throw wrong("an id", "16 bytes");
  });
}
