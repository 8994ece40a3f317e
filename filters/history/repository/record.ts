/**
 * Run records: the packets before and after the stream of a run, and the names
 * of runs.
 *
 * A record is one packet: test id `subunit.run`, status `exists`, not runnable,
 * with a JSON file called "start" or "end". Readers that do not know it leave
 * it out of their counts.
 *
 * @module
 */

import {
  decodePacket,
  encodePacket,
  formatTimestamp,
  isRunRecord,
  type Packet,
  RUN_RECORD_ID,
  type Timestamp,
} from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";

/** The type of the JSON in a record. */
export const RECORD_TYPE = "application/x-subunit-run+json";

/** Longer JSON is neither written nor read. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** The most that a packet with a record takes. */
export const MAX_RECORD_PACKET_BYTES = MAX_RECORD_BYTES + 256;

/** JSON that is nested deeper is not a record. */
const MAX_DEPTH = 8;

/** What is known of a run before it begins. Unknown keys are kept. */
export interface StartRecord {
  readonly v?: 1;
  /** The name of the run. */
  readonly id?: string;
  readonly command?: readonly string[];
  /** Relative to the folder that the repository is in. */
  readonly cwd?: string;
  readonly commit?: string;
  readonly branch?: string;
  readonly dirty?: boolean;
  /** What makes the same test id another test: `linux-py3.11`. */
  readonly variant?: string;
  /** Which build the run is a part of, and which part: `2/4`. */
  readonly group?: string;
  readonly part?: string;
  /** Whether all tests were selected; when absent, readers judge it. */
  readonly scope?: "full" | "partial";
  /** The writer and its version. */
  readonly tool?: string;
  readonly writer?: { readonly pid?: number };
  readonly meta?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** How many tests a run had, by outcome; damage counts apart. */
export interface RunCounts {
  readonly success: number;
  readonly uxsuccess: number;
  readonly skip: number;
  readonly fail: number;
  readonly xfail: number;
  readonly lost: number;
  readonly damage: number;
}

/** What is known of a run after its end. Unknown keys are kept. */
export interface EndRecord {
  readonly v?: 1;
  /** In a record that came with the stream: a command's own. */
  readonly of?: "command";
  /** How the command ended. */
  readonly exit?: number;
  readonly signal?: string;
  readonly counts?: RunCounts;
  /** Full where a runner says that it ran all tests, and all of them are here. */
  readonly scope?: "full";
  /** Which worker said what all tests are, and where: eight digits. */
  readonly suite?: string;
  /** From the first to the last timestamp in the stream. */
  readonly seconds?: number;
  /** The length of the stream as it came, without records. */
  readonly bytes?: number;
  /** Of all bytes before this packet, in hex. */
  readonly sha256?: string;
  /** Of the stream as it came, in hex, where some of it is not kept. */
  readonly stream?: string;
  /** Whether a line feed was put between the stream and this packet. */
  readonly padded?: boolean;
  readonly [key: string]: unknown;
}

/** A record that was read, by the name of its file. */
export type RunRecord =
  | { readonly name: "start"; readonly value: StartRecord }
  | { readonly name: "end"; readonly value: EndRecord };

const encoder = new TextEncoder();

/**
 * Encodes a record as one packet.
 *
 * @throws {ToolError} when its JSON is longer than {@linkcode MAX_RECORD_BYTES}
 */
export function encodeRecord(
  name: RunRecord["name"],
  value: StartRecord | EndRecord,
  timestamp?: Timestamp,
): Uint8Array {
  const fileBytes = encoder.encode(JSON.stringify(value));
  if (fileBytes.length > MAX_RECORD_BYTES) {
    throw new ToolError(
      `Cannot write the record of the run: it has ${fileBytes.length} bytes, expected at most ${MAX_RECORD_BYTES}`,
    );
  }
  return encodePacket({
    testId: RUN_RECORD_ID,
    status: "exists",
    runnable: false,
    fileName: name,
    fileBytes,
    mimeType: RECORD_TYPE,
    eof: true,
    timestamp,
  });
}

/** Reads a packet as a record; undefined when it is not one. */
export function readRecord(packet: Packet): RunRecord | undefined {
  if (!isRunRecord(packet) || packet.mimeType !== RECORD_TYPE) return undefined;
  const { fileName: name, fileBytes } = packet;
  if (name !== "start" && name !== "end" || !packet.eof) return undefined;
  if (fileBytes === undefined || fileBytes.length > MAX_RECORD_BYTES) {
    return undefined;
  }
  const value = parseRecord(new TextDecoder().decode(fileBytes));
  return value && { name, value } as RunRecord;
}

/** What is copied from one record to another is no longer, as JSON. */
const MAX_COPIED_CHARACTERS = 1024;

/**
 * Returns how a command ended by its own record, for another record. Longer
 * values than writers have are left out: a record has to be short.
 */
export function endingIn(
  record: RunRecord | undefined,
): Pick<EndRecord, "exit" | "signal" | "scope" | "suite" | "counts"> {
  if (record?.name !== "end") return {};
  const { exit, signal, scope, suite, counts } = record.value;
  const copied = Object.entries({ exit, signal, scope, suite, counts })
    .filter(([, value]) => value !== undefined)
    .filter(([, value]) =>
      JSON.stringify(value).length <= MAX_COPIED_CHARACTERS
    );
  return Object.fromEntries(copied);
}

/** A record in a buffer. */
export type FoundRecord = RunRecord & {
  /** The length of its packet. */
  readonly byteLength: number;
  readonly timestamp: Timestamp | undefined;
};

/** The record that a buffer begins with. */
export function recordAtStart(bytes: Uint8Array): FoundRecord | undefined {
  const byteLength = packetLength(bytes, 0);
  if (byteLength === undefined) return undefined;
  return recordIn(bytes.subarray(0, byteLength));
}

/** The record that a buffer ends with. */
export function recordAtEnd(bytes: Uint8Array): FoundRecord | undefined {
  for (
    let at = bytes.lastIndexOf(0xb3);
    at >= 0;
    at = at === 0 ? -1 : bytes.lastIndexOf(0xb3, at - 1)
  ) {
    if (packetLength(bytes, at) !== bytes.length - at) continue;
    const found = recordIn(bytes.subarray(at));
    if (found !== undefined) return found;
  }
  return undefined;
}

function recordIn(bytes: Uint8Array): FoundRecord | undefined {
  try {
    const packet = decodePacket(bytes), { timestamp } = packet;
    const record = readRecord(packet);
    return record && { ...record, byteLength: bytes.length, timestamp };
  } catch {
    return undefined;
  }
}

/** The length that a packet claims, by its header alone. */
function packetLength(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0xb3 || bytes[at + 1] >> 4 !== 2) return undefined;
  const first = bytes[at + 3], octets = (first >> 6) + 1;
  let length = first & 0x3f;
  for (let i = 1; i < octets; i++) length = length * 256 + bytes[at + 3 + i];
  return at + length <= bytes.length ? length : undefined;
}

function parseRecord(text: string): StartRecord | EndRecord | undefined {
  try {
    const value = JSON.parse(text);
    return isTyped(value) && depthOf(value) <= MAX_DEPTH ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The types of the keys that we read. */
const TYPES = new Map<string, string>([
  ..."id cwd commit branch variant group part scope tool signal sha256 stream of suite"
    .split(" ").map((key) => [key, "string"] as const),
  ...["exit", "seconds", "bytes"].map((key) => [key, "number"] as const),
]);
/** And of the values in maps. */
const MAP_TYPES = new Map([["meta", "string"], ["counts", "number"]]);

/** Whether the keys that we read have the types that they should have. */
export function isTyped(value: unknown): value is StartRecord | EndRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const fields = value as Record<string, unknown>;
  // Of thousands of records, most have few keys.
  for (const key in fields) {
    const field = fields[key], type = TYPES.get(key);
    if (field === undefined) continue;
    if (type !== undefined && typeof field !== type) return false;
    const valueType = MAP_TYPES.get(key);
    if (valueType !== undefined && !isMapOf(field, valueType)) return false;
  }
  return true;
}

function isMapOf(map: unknown, type: string): boolean {
  return typeof map === "object" && map !== null &&
    Object.values(map).every((one) => typeof one === type);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const RUN_NAME = /^\d{8}T\d{6}-[0-9a-f]{8}$/;

/** Returns whether a text is the name of a run. */
export function isRunName(text: string): boolean {
  return RUN_NAME.test(text);
}

/** Makes the name of a run: its start, in seconds of UTC, and 32 random bits. */
export function runName(start: Timestamp, random: number): string {
  const [time] = formatTimestamp({ seconds: start.seconds, nanoseconds: 0 })
    .replaceAll(/[-:]/g, "").split("Z");
  return `${time}-${(random >>> 0).toString(16).padStart(8, "0")}`;
}

/** The start of the run with this name, in seconds since 1970. */
export function nameSeconds(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(name) ?? [];
  if (year === undefined) return undefined;
  const milliseconds = Date.UTC(
    +year,
    +month - 1,
    +day,
    +hour,
    +minute,
    +second,
  );
  return milliseconds / 1000;
}
