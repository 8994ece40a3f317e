/**
 * Sound packets as rows of numbers, for tools that read millions of them: no
 * object and no string for a packet.
 *
 * @module
 */

import { TEST_STATUSES, type TestStatus } from "../event.ts";
import type { ReadBuffer } from "../text/read_buffer.ts";
import { countTableBytes, uncountedCrc32 } from "./crc32.ts";
import { addPacket, isSoundRun, RUN_START, runTables } from "./crc_run.ts";
import {
  END,
  FILE_AT,
  FLAGS,
  ID_AT,
  ID_END,
  ID_HASH,
  MIME_TYPE_AT,
  nanosecondsAt,
  PARENT_AT,
  PARENT_END,
  plausibleLength,
  readFields,
  ROUTE_AT,
  ROUTE_END,
  ROUTE_HASH,
  ROW_WORDS,
  secondsAt,
  START,
  TAGS_AT,
  TAGS_END,
  TIME_AT,
} from "./fields.ts";
import { CRC_BYTES, FLAG, SIGNATURE } from "./layout.ts";
import { numberOctets, readNumber } from "./number.ts";
import { Packet, tagsIn } from "./packet.ts";

/** Codes of statuses, as packets have them; those from the second on end a test. */
const EXISTS = 1, FIRST_FINAL = 3;

/** The most rows at a time: they and their packets fit into the L2 cache. */
const MOST_ROWS = 256;
/**
 * Longer packets get no row from {@linkcode Rows.scan}: what is saved is little
 * next to their bytes.
 */
const LONGEST_ROW_BYTES = 1024;
/** The CRCs of fewer packets are checked faster one by one. */
const SHORTEST_RUN = 4;

/**
 * Packets that follow one another in {@linkcode source}, a row of
 * {@linkcode words} each: `words[i * ROW_WORDS + ID_AT]` is where the id of
 * packet `i` begins. The accessors return the same words and are as fast.
 *
 * A {@linkcode PacketDecoder} uses one object for all its rows: they are valid
 * until the function that received them returns, and `source` until the
 * decoder's next chunk.
 */
export class Rows {
  /** The bytes that the places in the rows refer to. */
  source: Uint8Array = new Uint8Array(0);
  /** The same bytes, to read words from. */
  view: DataView = new DataView(this.source.buffer);
  readonly words: Int32Array = new Int32Array(MOST_ROWS * ROW_WORDS);
  /** The number of rows. */
  count = 0;
  /** The stream offset up to which CRCs are checked one by one. */
  #singlyTo = 0;

  /** Whether the last scan ended because there is no room for more rows. */
  get isFull(): boolean {
    return this.count === MOST_ROWS;
  }

  /**
   * Reads the packets at the beginning of the undecided bytes and returns how
   * many there are. It stops at anything but a whole, sound, short packet; what
   * that is, the decoder finds out.
   *
   * @internal
   */
  scan({ source, view, base, at: start, end }: ReadBuffer): number {
    const { words } = this;
    this.source = source;
    this.view = view;
    const tables = base + start < this.#singlyTo ? undefined : runTables();
    let at = start, count = 0, register = RUN_START;
    while (count < MOST_ROWS && at < end && source[at] === SIGNATURE) {
      const length = plausibleLength(source, at, end);
      const next = at + length;
      if (length === 0 || length > LONGEST_ROW_BYTES || next > end) break;
      if (tables === undefined && !hasSoundCrc(view, at, next)) break;
      const fault = readFields(
        source,
        view,
        at,
        next,
        words,
        count * ROW_WORDS,
      );
      if (fault !== undefined) break;
      if (tables !== undefined) {
        register = addPacket(tables, register, view, next, length);
      }
      at = next;
      count++;
    }
    this.count = count;
    if (tables === undefined) {
      countTableBytes(at - start);
    } else if (
      count < SHORTEST_RUN ||
      !isSoundRun(source.subarray(start, at), register)
    ) {
      // Packets behind a wrong one are read again, but not added up again: a
      // stream of wrong ones would cost a whole run each.
      this.#singlyTo = base + at;
      this.count = this.#countSound();
    }
    return this.count;
  }

  /**
   * Makes a packet the only row.
   *
   * @internal
   */
  read({ source, view, start, end }: Packet): void {
    this.source = source;
    this.view = view;
    readFields(source, view, start, end, this.words, 0);
    this.count = 1;
  }

  /** How many rows there are before the first with a wrong CRC. */
  #countSound(): number {
    for (let i = 0; i < this.count; i++) {
      if (!hasSoundCrc(this.view, this.start(i), this.end(i))) return i;
    }
    return this.count;
  }

  /** The packet of a row, valid until the decoder's next chunk. */
  packet(i: number): Packet {
    return Packet.of(this.source, this.view, this.words, i * ROW_WORDS);
  }

  /** Where the packet begins, at its signature. */
  start(i: number): number {
    return this.words[i * ROW_WORDS + START];
  }

  /** Where it ends, after its CRC. */
  end(i: number): number {
    return this.words[i * ROW_WORDS + END];
  }

  /** The 16 bits of the flags field. */
  flags(i: number): number {
    return this.words[i * ROW_WORDS + FLAGS];
  }

  /** The status as the protocol writes it: 0 without one, then 1 to 7. */
  statusCode(i: number): number {
    return this.words[i * ROW_WORDS + FLAGS] & FLAG.STATUS;
  }

  /** Whether the status only says that there is such a test. */
  isExists(i: number): boolean {
    return this.statusCode(i) === EXISTS;
  }

  /** Whether the status ends a test. */
  isFinal(i: number): boolean {
    return this.statusCode(i) >= FIRST_FINAL;
  }

  status(i: number): TestStatus | undefined {
    return TEST_STATUSES[this.statusCode(i) - 1];
  }

  isRunnable(i: number): boolean {
    return (this.words[i * ROW_WORDS + FLAGS] & FLAG.RUNNABLE) !== 0;
  }

  isEof(i: number): boolean {
    return (this.words[i * ROW_WORDS + FLAGS] & FLAG.EOF) !== 0;
  }

  /** Where the timestamp is, or -1. */
  timeAt(i: number): number {
    return this.words[i * ROW_WORDS + TIME_AT];
  }

  /** The seconds of a timestamp that is there. */
  seconds(i: number): number {
    return secondsAt(this.source, this.words[i * ROW_WORDS + TIME_AT]);
  }

  /** The nanoseconds of a timestamp that is there. */
  nanoseconds(i: number): number {
    return nanosecondsAt(this.source, this.words[i * ROW_WORDS + TIME_AT]);
  }

  /** Where the test id's text begins, or -1. */
  idAt(i: number): number {
    return this.words[i * ROW_WORDS + ID_AT];
  }

  /** Where the test id's text ends. */
  idEnd(i: number): number {
    return this.words[i * ROW_WORDS + ID_END];
  }

  /** A hash of the test id's bytes; -1 without one. */
  idHash(i: number): number {
    return this.words[i * ROW_WORDS + ID_HASH];
  }

  /** Where the count of tags is, or -1. */
  tagsAt(i: number): number {
    return this.words[i * ROW_WORDS + TAGS_AT];
  }

  /** Where the tags end. */
  tagsEnd(i: number): number {
    return this.words[i * ROW_WORDS + TAGS_END];
  }

  /** The tags, which packets with the same ones may share. */
  tags(i: number): readonly string[] | undefined {
    const at = this.tagsAt(i);
    return at < 0
      ? undefined
      : tagsIn(this.source, this.view, at, this.tagsEnd(i));
  }

  /** Where the MIME type's length is, or -1; see {@linkcode textAt}. */
  mimeTypeAt(i: number): number {
    return this.words[i * ROW_WORDS + MIME_TYPE_AT];
  }

  /** Where the file name's length is, or -1; the content's is behind the name. */
  fileAt(i: number): number {
    return this.words[i * ROW_WORDS + FILE_AT];
  }

  /**
   * The number at `at`: the count of tags, or the length of a text or of file
   * content.
   */
  numberAt(at: number): number {
    return readNumber(this.source, at);
  }

  /** Where the number at `at` ends, and the text of that length begins. */
  textAt(at: number): number {
    return at + numberOctets(this.source[at]);
  }

  /** Where the text ends whose length is at `at`. */
  textEnd(at: number): number {
    return at + numberOctets(this.source[at]) + readNumber(this.source, at);
  }

  /** Where the routing code's text begins, or -1. */
  routeAt(i: number): number {
    return this.words[i * ROW_WORDS + ROUTE_AT];
  }

  /** Where the routing code's text ends. */
  routeEnd(i: number): number {
    return this.words[i * ROW_WORDS + ROUTE_END];
  }

  /** A hash of the routing code's bytes; -1 without one. */
  routeHash(i: number): number {
    return this.words[i * ROW_WORDS + ROUTE_HASH];
  }

  /** Where the parent id's text begins, or -1. */
  parentAt(i: number): number {
    return this.words[i * ROW_WORDS + PARENT_AT];
  }

  /** Where the parent id's text ends. */
  parentEnd(i: number): number {
    return this.words[i * ROW_WORDS + PARENT_END];
  }
}

function hasSoundCrc(view: DataView, start: number, end: number): boolean {
  const crcAt = end - CRC_BYTES;
  return uncountedCrc32(view, start, crcAt) === view.getUint32(crcAt);
}
