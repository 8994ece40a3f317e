/**
 * The events of packets as records, from bytes to bytes: no object and no
 * string for a packet.
 *
 * This is the hot path of `subunit2cbor` and `subunit2json` (`deno task bench
 * subunit2cbor`: 1.5 times the time of `subunit-stats`; 7 times by way of
 * strings). Its oracles are `eventToCbor` and `eventToJson`, which also write
 * whatever this leaves out; `record_rows_test.ts` compares them.
 *
 * @module
 */

import {
  itemEvents,
  type Rows,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import {
  ByteWriter,
  type Constant,
  decimalsOf,
} from "../kit/io/byte_writer.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import type { Output, ToolIO } from "../kit/tool/tool.ts";

/** The keys of a record whose values differ. */
export const KEYS = [
  "test_id",
  "test_tags",
  "file_name",
  "content",
  "mime_type",
  "route_code",
  "timestamp",
  "parent_test_id",
] as const;

/** What a notation has for each of {@linkcode KEYS}. */
export type KeyConstants = Readonly<Record<typeof KEYS[number], Constant>>;

/** How a notation writes the parts of a record. */
export interface RecordNotation {
  /** What comes before a value. */
  readonly keys: KeyConstants;
  /** Keys with their values: of `test_status` by code, none for 0. */
  readonly statuses: readonly Constant[];
  readonly runnable: Constant;
  readonly notRunnable: Constant;
  readonly isEof: Constant;
  /** How much room a record needs at most, given the length of its packet. */
  roomFor(packetBytes: number): number;
  /** Begins a record with so many keys. */
  begin(to: ByteWriter, keys: number): void;
  /** Ends the record that began at `start`. */
  end(to: ByteWriter, start: number): void;
  text(to: ByteWriter, rows: Rows, start: number, end: number): void;
  beginList(to: ByteWriter, length: number): void;
  /** What is between the texts of a list. */
  readonly comma: Constant;
  endList(to: ByteWriter): void;
  /** Returns false when only the plain way can write it. */
  content(to: ByteWriter, rows: Rows, start: number, end: number): boolean;
  /** Writes a time: see {@linkcode decimalsOf}. */
  time(
    to: ByteWriter,
    seconds: number,
    nanoseconds: number,
    decimals: number,
  ): void;
  /** The plain way: the record of any event. */
  write(out: Output, event: StatusEvent): void;
}

/** What the options of a tool mean for its records. */
interface RecordOptions {
  /** Whether the stream is judged, for the exit status. */
  readonly "exit-status": boolean;
  /** Whether it passes on to standard output. */
  readonly forward?: boolean;
}

/**
 * Writes the streams in `files` as records, text and damage too.
 *
 * @returns the exit status
 */
export function writeRecords(
  io: ToolIO,
  options: RecordOptions,
  files: readonly string[],
  out: Output,
  notation: RecordNotation,
): number {
  const { forward, "exit-status": judges } = options;
  const verdict = new Verdict();
  const records = new RecordWriter(out, notation);
  const take = (item: StreamItem) => {
    if (forward) io.out.writeItem(item);
    if (item.kind === "damage") io.reportDamage(item);
    records.add(item);
    if (judges) verdict.add(item);
  };
  // A terminal shows each record by itself.
  if (forward || out.isTerminal) {
    io.forEachItem(files, take);
  } else {
    io.forEachRows(files, (rows) => {
      records.addRows(rows);
      if (!judges) return;
      for (let i = 0; i < rows.count; i++) verdict.addRow(rows, i);
    }, take);
  }
  verdict.end();
  return io.conclude(verdict);
}

/** Writes the items of a stream as records. */
export class RecordWriter {
  readonly #out: Output;
  readonly #notation: RecordNotation;
  readonly #rows: ByteWriter;

  constructor(out: Output, notation: RecordNotation) {
    this.#out = out;
    this.#notation = notation;
    this.#rows = new ByteWriter(out);
  }

  /** Writes the records of packets. */
  addRows(rows: Rows): void {
    const to = this.#rows;
    for (let i = 0; i < rows.count; i++) {
      if (writeRecord(to, this.#notation, rows, i)) continue;
      to.flush();
      this.#notation.write(this.#out, rows.packet(i));
    }
    to.flush();
  }

  /** Writes the records of an item: the plain way. */
  add(item: StreamItem): void {
    for (const event of itemEvents(item)) {
      this.#notation.write(this.#out, event);
    }
  }
}

/** Longer packets are written the plain way: their bytes cost most. */
const LONGEST_ROW_BYTES = 4096;

// #region Hot: see above.

/**
 * Writes the record of a row; writes nothing and returns false when only the
 * plain way can.
 */
export function writeRecord(
  to: ByteWriter,
  notation: RecordNotation,
  rows: Rows,
  i: number,
): boolean {
  const length = rows.end(i) - rows.start(i);
  if (length > LONGEST_ROW_BYTES) return false;
  to.reserve(notation.roomFor(length));
  const { keys } = notation;
  const start = to.at;
  const id = rows.idAt(i), status = rows.statusCode(i), tags = rows.tagsAt(i);
  const file = rows.fileAt(i), isEof = rows.isEof(i);
  const type = rows.mimeTypeAt(i), route = rows.routeAt(i);
  const time = rows.timeAt(i), parent = rows.parentAt(i);
  notation.begin(
    to,
    1 + +(id >= 0) + +(status > 0) + +(tags >= 0) + 2 * +(file >= 0) +
      +isEof + +(type >= 0) + +(route >= 0) + +(time >= 0) + +(parent >= 0),
  );
  if (id >= 0) {
    to.constant(keys.test_id);
    notation.text(to, rows, id, rows.idEnd(i));
  }
  if (status > 0) to.constant(notation.statuses[status]);
  if (tags >= 0) {
    to.constant(keys.test_tags);
    writeTags(to, notation, rows, tags);
  }
  to.constant(rows.isRunnable(i) ? notation.runnable : notation.notRunnable);
  if (file >= 0) {
    const nameEnd = rows.textEnd(file);
    to.constant(keys.file_name);
    notation.text(to, rows, rows.textAt(file), nameEnd);
    to.constant(keys.content);
    const contentAt = rows.textAt(nameEnd);
    if (!notation.content(to, rows, contentAt, rows.textEnd(nameEnd))) {
      to.at = start;
      return false;
    }
  }
  if (isEof) to.constant(notation.isEof);
  if (type >= 0) {
    to.constant(keys.mime_type);
    notation.text(to, rows, rows.textAt(type), rows.textEnd(type));
  }
  if (route >= 0) {
    to.constant(keys.route_code);
    notation.text(to, rows, route, rows.routeEnd(i));
  }
  if (time >= 0) {
    const nanoseconds = rows.nanoseconds(i);
    to.constant(keys.timestamp);
    notation.time(to, rows.seconds(i), nanoseconds, decimalsOf(nanoseconds));
  }
  if (parent >= 0) {
    to.constant(keys.parent_test_id);
    notation.text(to, rows, parent, rows.parentEnd(i));
  }
  notation.end(to, start);
  return true;
}

function writeTags(
  to: ByteWriter,
  notation: RecordNotation,
  rows: Rows,
  tagsAt: number,
): void {
  const count = rows.numberAt(tagsAt);
  notation.beginList(to, count);
  let at = rows.textAt(tagsAt);
  for (let i = 0; i < count; i++) {
    if (i > 0) to.constant(notation.comma);
    const end = rows.textEnd(at);
    notation.text(to, rows, rows.textAt(at), end);
    at = end;
  }
  notation.endList(to);
}

// #endregion
