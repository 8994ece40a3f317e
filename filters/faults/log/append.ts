/**
 * Appends events to a log file: whole packets, once, whatever else writes there.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { decodePacket, PacketDecoder, type StreamItem } from "@subunit/codec";
import { reasonOf, ToolError } from "../../kit/errors.ts";
import {
  isRegularFile,
  openFile,
  openLocked,
  rewind,
} from "../../kit/io/files.ts";
import { writeAll } from "../../kit/io/output.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import { compareBytes } from "./cbor.ts";
import { isEvent } from "./event.ts";
import { Redactions } from "./merge.ts";

/** How a log is appended to. */
export interface AppendOptions {
  /** Whether to wait until the events are on the disk. */
  readonly sync?: boolean;
}

/** What came of the events that were to be appended. */
export interface Appended {
  readonly added: number;
  /** Those that the log had, or that were given twice. */
  readonly known: number;
  /** Those that a redaction in the log, or among them, names. */
  readonly redacted: number;
}

const READ_BYTES = 256 * 1024;
const CRC_BYTES = 4;

/**
 * Appends packets that {@linkcode encodeEvent} made, in one write, and leaves out
 * what the log already has and what was redacted. The file is made if there is
 * none, and locked until this returns. When they do not fit, none is there.
 *
 * @throws {ToolError} when the file cannot be read or written, or is not a log
 */
export function appendEvents(
  path: string,
  packets: readonly Uint8Array[],
  { sync = false }: AppendOptions = {},
): Appended {
  try {
    using file = openLocked(path);
    checkLog(file, path);
    return append(file, packets, sync);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(
      `Cannot append to "${path}": ${
        reasonOf(error)
      }: no event of these is there`,
    );
  }
}

function append(
  file: FsFile,
  packets: readonly Uint8Array[],
  sync: boolean,
): Appended {
  const wanted = new Wanted(packets);
  wanted.removeKnown(file);
  const { missing, redacted } = wanted.take();
  if (missing.length > 0) writeWhole(file, concat(missing));
  if (sync) file.syncDataSync();
  return {
    added: missing.length,
    known: packets.length - missing.length - redacted,
    redacted,
  };
}

/** Writes all bytes, or none: the lock keeps other writers of ours away. */
function writeWhole(file: FsFile, bytes: Uint8Array): void {
  const { size } = file.statSync();
  let count = 0;
  const counting = {
    writeSync(part: Uint8Array) {
      const written = file.writeSync(part);
      count += written;
      return written;
    },
  };
  try {
    writeAll(counting, bytes);
  } catch (error) {
    // Unless somebody else wrote without the lock: what he wrote must stay.
    if (file.statSync().size === size + count) file.truncateSync(size);
    throw error;
  }
}

/** Packets by the checksums at their ends: a log is searched for all at once. */
class Wanted {
  readonly #packets: (Uint8Array | undefined)[];
  /** Their numbers; nearly always there is one. */
  readonly #byChecksum = new Map<number, number | number[]>();
  /** Those of the packets, and of the log. */
  readonly #redactions = new Redactions();

  constructor(packets: readonly Uint8Array[]) {
    this.#packets = [...packets];
    packets.forEach((packet, index) => {
      const checksum = checksumAt(packet, packet.length);
      const known = this.#byChecksum.get(checksum);
      if (known === undefined) {
        this.#byChecksum.set(checksum, index);
        return;
      }
      const same = [known].flat();
      const isTwice = same.some((other) =>
        compareBytes(packets[other], packet) === 0
      );
      if (isTwice) this.#packets[index] = undefined;
      else this.#byChecksum.set(checksum, [...same, index]);
    });
    for (const packet of packets) this.#redactions.add(decodePacket(packet));
  }

  /** Forgets what is in a file, which is read from its beginning. */
  removeKnown(file: FsFile): void {
    forEachItem(file, (item) => {
      if (item.kind !== "packet") return;
      this.#remove(item.source, item.start, item.end);
      this.#redactions.add(item);
    });
  }

  #remove(source: Uint8Array, start: number, end: number): void {
    const known = this.#byChecksum.get(checksumAt(source, end));
    if (known === undefined) return;
    const bytes = source.subarray(start, end);
    for (const index of [known].flat()) {
      const packet = this.#packets[index];
      if (packet !== undefined && compareBytes(packet, bytes) === 0) {
        this.#packets[index] = undefined;
      }
    }
  }

  /** The packets that are left, without the redacted ones. */
  take(): { missing: Uint8Array[]; redacted: number } {
    const left = this.#packets.filter((packet) => packet !== undefined);
    const missing = this.#redactions.isEmpty
      ? left
      : left.filter((packet) => !this.#redactions.has(decodePacket(packet)));
    return { missing, redacted: left.length - missing.length };
  }
}

function checksumAt(bytes: Uint8Array, end: number): number {
  let checksum = 0;
  for (let i = end - CRC_BYTES; i < end; i++) {
    checksum = checksum << 8 | bytes[i];
  }
  return checksum;
}

/**
 * Checks that a file, from where it is, is a log, and goes back to its beginning.
 * Text, damage and other packets may be in a log, but not alone: then it is a
 * file of another kind, which nobody wants to lose. An event that was cut off is
 * no such thing: it is what a crash leaves of the first one.
 *
 * @throws {ToolError} when it is not a log
 */
export function checkLog(file: FsFile, path: string): void {
  const decoder = new PacketDecoder();
  let isLog = file.statSync().size === 0, hasPackets = false;
  let first: Uint8Array | undefined;
  const take = (item: StreamItem) => {
    if (item.kind !== "packet") return;
    hasPackets = true;
    isLog ||= isEvent(item);
  };
  for (const chunk of chunksOf(file)) {
    first ??= chunk.slice(0, HEAD_BYTES);
    decoder.push(chunk);
    decoder.drain(take);
    if (isLog) break;
  }
  if (!isLog) {
    decoder.end();
    decoder.drain(take);
  }
  rewind(file);
  if (isLog || (!hasPackets && isCutOff(first!))) return;
  throw new ToolError(
    `Cannot write to "${path}": it is not a fault log, as no event is in it: nothing was written`,
  );
}

/** {@linkcode checkLog} for the file at a path, if it can be opened. */
export function checkLogAt(path: string): void {
  if (!isRegularFile(path)) return;
  using file = openFile(path);
  checkLog(file, path);
}

/** How many bytes of a packet tell that it is one: its signature and flags. */
const HEAD_BYTES = 2;
const SIGNATURE = 0xb3, VERSION = 2;

/** Whether a file can be the beginning of a packet. */
function isCutOff([signature, flags = VERSION << 4]: Uint8Array): boolean {
  return signature === SIGNATURE && flags >> 4 === VERSION;
}

/** Calls `take` with the items of a file from where it is. */
export function forEachItem(
  file: FsFile,
  take: (item: StreamItem) => void,
): void {
  const decoder = new PacketDecoder();
  for (const chunk of chunksOf(file)) {
    decoder.push(chunk);
    decoder.drain(take);
  }
  decoder.end();
  decoder.drain(take);
}

/** The chunks of a file; each is valid until the next. */
function* chunksOf(file: FsFile): Generator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    const count = file.readSync(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
