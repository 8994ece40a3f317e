/**
 * Reads a log of any size, fault by fault: events of one fault are all over it.
 *
 * The first pass counts; each further one gathers the events of as many faults as
 * fit into memory. A log that fits as a whole takes one pass.
 *
 * @module
 */

import {
  type Damage,
  decodePacket,
  encodePacket,
  type ForeignBytes,
  grown,
  type Packet,
  RowKey,
  type Rows,
  TestNumbers,
} from "@subunit/codec";
import { readAt } from "../../kit/io/files.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import {
  FAULT_TAG,
  type RUNS,
  type SIGNATURES,
} from "../../kit/stream/fault_tag.ts";
import { isSame, isSeen } from "./evidence.ts";
import { canonicalBytes, decodeEvent } from "./event.ts";

/** How much is gathered in a pass. */
export const GROUP_BYTES = 32 * 1024 * 1024;
/** How much of a file is read at a time. */
const BLOCK_BYTES = 1024 * 1024;

/** The stream of a log, which can be read again. */
export interface LogSource {
  /** Reads it from its beginning, as `ToolIO.forEachRows` does. */
  forEachRows(
    takeRows: (rows: Rows) => void,
    takeOther: (item: ForeignBytes | Damage) => void,
  ): void;
}

/** Faults of which a reader reads the events, and those that belong to none. */
export interface FaultSet {
  /** Whether the fault of an event is one of them. */
  has(rows: Rows, i: number): boolean;
}

/** What of a stream is not an event. */
export interface Strange {
  /** Bytes between packets. */
  foreignBytes: number;
  /** Packets that are not events of a log. */
  packets: number;
  readonly damage: { reason: string; byteLength: number }[];
}

/** The packets of one fault, each a view of its bytes in a log. */
export interface FaultPackets {
  readonly fault: string;
  readonly packets: Uint8Array[];
  /** Where they are in the file, and how long there; if the reader has it. */
  readonly places?: readonly number[];
}

/** How finely the last sightings are ordered. */
const SLOTS = 2 ** 16;

/** The most places of damage that are kept. */
const MAX_DAMAGE = 10;

/** The events of a log by their faults. */
export class LogReader {
  readonly #source: LogSource;
  readonly #groupBytes: number;
  readonly #numbers = new TestNumbers();
  /** The bytes of the events of each fault. */
  #sizes: Float64Array = new Float64Array(64);
  /** What the names of faults have for a hash. */
  #hashes: Int32Array = new Int32Array(64);
  /** When each was seen last, in seconds; only for a file. */
  #lastSeen: Uint32Array = new Uint32Array(64);
  /** The fault of each event, in the order of the log. */
  #sequence: Int32Array = new Int32Array(1024);
  #count = 0;
  /** Faults that may be the same, by their numbers. */
  readonly #pairs: [fault: number, other: string][] = [];
  readonly #only: FaultSet | undefined;
  /** All events, as long as they fit. */
  #gathered: Gathered | undefined = new Gathered();
  #bytes = 0;
  #isScanned = false;
  readonly #key = new RowKey();
  readonly #places: Places | undefined;
  readonly strange: Strange = { foreignBytes: 0, packets: 0, damage: [] };

  /**
   * @param only leaves out the events of other faults
   * @param file the one that the source is, if events come with their places
   */
  constructor(
    source: LogSource,
    { groupBytes = GROUP_BYTES, only, file }: {
      readonly groupBytes?: number;
      readonly only?: FaultSet;
      readonly file?: FsFile;
    } = {},
  ) {
    this.#source = source;
    this.#groupBytes = groupBytes;
    this.#only = only;
    if (file !== undefined) {
      this.#places = new Places(file);
      this.#gathered = undefined;
    }
  }

  /** Where the last packet of the file ends: what follows may be half of one. */
  get packetsEnd(): number {
    return this.#places?.packetsEnd ?? 0;
  }

  /** The latest time of an event, in seconds, and one more; -1 if none has any. */
  get latest(): number {
    return this.#latest;
  }
  #latest = -1;

  /** The faults that may be the same, by their names. */
  *pairs(): Generator<[fault: string, other: string]> {
    for (const [number, other] of this.#pairs) {
      yield [this.#nameOf(number), other];
    }
  }

  /** The faults of the log, those that are none included. */
  names(): string[] {
    this.scan();
    return Array.from(
      { length: this.#numbers.size },
      (_, number) => this.#nameOf(number),
    );
  }

  /** Whether everything was an event. */
  get isPure(): boolean {
    const { foreignBytes, packets, damage } = this.strange;
    return foreignBytes + packets + damage.length === 0;
  }

  /** Whether what was read is in memory: nothing is read again. */
  get isHeld(): boolean {
    return this.#gathered !== undefined;
  }

  /** Reads the log once. */
  scan(): this {
    if (this.#isScanned) return this;
    this.#isScanned = true;
    this.#source.forEachRows((rows) => {
      for (let i = 0; i < rows.count; i++) this.#countRow(rows, i);
    }, (item) => this.#takeOther(item));
    return this;
  }

  #countRow(rows: Rows, i: number): void {
    const length = rows.end(i) - rows.start(i);
    if (!isEventRow(rows, i)) {
      this.strange.packets++;
      this.#places?.skipPacket(length);
      return;
    }
    if (this.#only?.has(rows, i) === false) return;
    const number = this.#numbers.add(this.#key.anywhere(rows, i));
    this.#places?.add(number, length, rows.routeAt(i) >= 0);
    if (number >= this.#sizes.length) {
      this.#sizes = grown(this.#sizes, 2 * this.#numbers.capacity);
      this.#hashes = grown(this.#hashes, this.#sizes.length);
    }
    this.#hashes[number] = rows.idHash(i);
    if (this.#places !== undefined) {
      if (rows.timeAt(i) >= 0) this.#addTime(number, rows, i);
    } else {
      if (this.#count === this.#sequence.length) {
        this.#sequence = grown(this.#sequence, 2 * this.#count);
      }
      this.#sequence[this.#count++] = number;
    }
    this.#sizes[number] += length;
    this.#bytes += length;
    if (isSame(rows, i)) {
      const other = otherIn(rows, i);
      if (other !== undefined) this.#pairs.push([number, other]);
    }
    if (this.#bytes > this.#groupBytes) this.#gathered = undefined;
    this.#gathered?.addRow(number, rows, i);
  }

  #addTime(number: number, rows: Rows, i: number): void {
    if (number >= this.#lastSeen.length) {
      this.#lastSeen = grown(this.#lastSeen, this.#numbers.capacity);
    }
    const seconds = rows.seconds(i);
    this.#latest = Math.max(this.#latest, seconds + 1);
    if (seconds > this.#lastSeen[number] && isSeen(rows, i)) {
      this.#lastSeen[number] = seconds;
    }
  }

  #takeOther(item: ForeignBytes | Damage): void {
    this.#places?.skip(item.byteLength);
    if (item.kind === "foreign") {
      this.strange.foreignBytes += item.byteLength;
    } else if (this.strange.damage.length < MAX_DAMAGE) {
      const { reason, byteLength } = item;
      this.strange.damage.push({ reason, byteLength });
    }
  }

  /**
   * Yields the faults, some at a time: those that may be the same together. The
   * packets are valid until the next ones. Those of a file that were seen last
   * come last.
   *
   * @param isWanted leaves the others out
   */
  *groups(
    isWanted?: (fault: string) => boolean,
  ): Generator<FaultPackets[]> {
    this.scan();
    const { size } = this.#numbers, classes = this.#classes();
    const order = this.#order(classes);
    let group: (readonly number[])[] = [], bytes = 0;
    for (let i = 0; i < size; i++) {
      const number = order?.[i] ?? i;
      const members = classes.get(number);
      // It stands with the first of its class.
      if (members !== undefined && members[0] !== number) continue;
      const numbers = members ?? [number];
      if (
        isWanted !== undefined &&
        !numbers.some((number) => isWanted(this.#nameOf(number)))
      ) continue;
      const more = numbers.reduce((sum, n) => sum + this.#sizes[n], 0);
      if (bytes > 0 && bytes + more > this.#groupBytes) {
        yield* this.#gather(group, bytes);
        group = [];
        bytes = 0;
      }
      bytes += more;
      group.push(numbers);
    }
    if (group.length > 0) yield* this.#gather(group, bytes);
  }

  /** The packets that belong to no fault: facts about runs, and signatures. */
  packetsOf(name: typeof RUNS | typeof SIGNATURES): Uint8Array[] {
    this.scan();
    const key = keyNamed(name), number = this.#numbers.get(key);
    if (number < 0) return [];
    const gathered = this.#gathered ??
      this.#read([[number]], this.#sizes[number]);
    return gathered.byFault(this.#numbers.size)(number).packets;
  }

  *#gather(
    group: readonly (readonly number[])[],
    bytes: number,
  ): Generator<FaultPackets[]> {
    const gathered = this.#gathered ?? this.#read(group, bytes);
    const eventsOf = gathered.byFault(this.#numbers.size);
    for (const numbers of group) {
      yield numbers.map((number) => ({
        fault: this.#nameOf(number),
        ...eventsOf(number),
      }));
    }
  }

  /** @param bytes as many as the events of the group have */
  #read(group: readonly (readonly number[])[], bytes: number): Gathered {
    const gathered = new Gathered(bytes);
    const isWanted = new Uint8Array(this.#numbers.size);
    for (const numbers of group) {
      for (const number of numbers) isWanted[number] = 1;
    }
    if (this.#places !== undefined) {
      this.#places.gather(isWanted, gathered);
      return gathered;
    }
    let count = 0;
    this.#source.forEachRows((rows) => {
      for (let i = 0; i < rows.count; i++) {
        if (!isEventRow(rows, i) || this.#only?.has(rows, i) === false) {
          continue;
        }
        const number = this.#numberAt(count++, rows, i);
        if (number >= 0 && isWanted[number]) gathered.addRow(number, rows, i);
      }
    }, () => {});
    return gathered;
  }

  /**
   * The number of the fault of an event. Looking it up takes as long as all else,
   * and is needed only if the file is not what it was.
   */
  #numberAt(count: number, rows: Rows, i: number): number {
    if (count < this.#count) {
      const number = this.#sequence[count];
      if (this.#hashes[number] === rows.idHash(i)) return number;
    }
    return this.#numbers.get(this.#key.anywhere(rows, i));
  }

  /** The faults that may be the same, in order, by each of them. */
  #classes(): ReadonlyMap<number, readonly number[]> {
    const classes = new Map<number, number[]>();
    for (const [number, other] of this.#pairs) {
      const second = this.#numbers.get(keyNamed(other));
      if (second < 0 || second === number) continue;
      const a = classes.get(number) ?? [number];
      const b = classes.get(second) ?? [second];
      if (a === b) continue;
      // The shorter one moves: nobody moves more often than there are doublings.
      const [long, short] = a.length < b.length ? [b, a] : [a, b];
      long.push(...short);
      for (const member of [number, second, ...short]) {
        classes.set(member, long);
      }
    }
    for (const members of new Set(classes.values())) {
      members.sort((a, b) => a - b);
    }
    return classes;
  }

  /** The numbers of a file, more or less in the order of the last sightings. */
  #order(
    classes: ReadonlyMap<number, readonly number[]>,
  ): Int32Array | undefined {
    if (this.#places === undefined) return undefined;
    const { size } = this.#numbers, latest = this.#latest;
    if (this.#lastSeen.length < size) {
      this.#lastSeen = grown(this.#lastSeen, size);
    }
    const last = this.#lastSeen;
    for (const [number, [first]] of classes) {
      last[first] = Math.max(last[first], last[number]);
    }
    let from = latest;
    for (let number = 0; number < size; number++) {
      if (last[number] > 0) from = Math.min(from, last[number]);
    }
    const seconds = Math.ceil((latest - from + 1) / SLOTS);
    const slots = new Int32Array(size);
    for (let number = 0; number < size; number++) {
      const slot = Math.ceil((last[number] - from + 1) / seconds);
      slots[number] = Math.max(0, slot);
    }
    return placesBy(slots, SLOTS + 1).order;
  }

  #nameOf(number: number): string {
    return this.#numbers.key(number).testId;
  }
}

/** What identifies the fault of an event: its name, and no route. */
export function keyOf(packet: Packet) {
  const { view, idAt, idEnd, idHash } = packet;
  return {
    view,
    idAt,
    idEnd,
    idHash,
    routeAt: -1,
    routeEnd: -1,
    routeHash: -1,
  };
}

/** The key of the fault with a name. */
export function keyNamed(name: string) {
  const bytes = encodePacket({ testId: name, runnable: false });
  return keyOf(decodePacket(bytes));
}

const PREFIX_BYTES = new TextEncoder().encode(FAULT_TAG);

/** The fault that an event says may be the same as its own. */
export function otherIn(rows: Rows, i: number): string | undefined {
  const { value } = decodeEvent(canonicalBytes(rows.packet(i)));
  return typeof value === "string" && !/^-|\0/.test(value) ? value : undefined;
}

/** {@linkcode isEvent} without an object. */
export function isEventRow(rows: Rows, i: number): boolean {
  const at = rows.idAt(i), { source } = rows;
  if (at < 0 || rows.idEnd(i) - at < PREFIX_BYTES.length) return false;
  for (let j = 0; j < PREFIX_BYTES.length; j++) {
    if (source[at + j] !== PREFIX_BYTES[j]) return false;
  }
  return rows.parentAt(i) < 0 && (rows.fileAt(i) < 0 || rows.isEof(i));
}

/**
 * The places of numbers, sorted by these.
 *
 * @param size more than the largest number
 * @returns `order`, in which the places of a number go from `starts[number]` to
 * `starts[number + 1]`
 */
function placesBy(
  numbers: Int32Array,
  size: number,
): { readonly starts: Int32Array; readonly order: Int32Array } {
  const starts = new Int32Array(size + 1);
  for (const number of numbers) starts[number + 1]++;
  for (let i = 0; i < size; i++) starts[i + 1] += starts[i];
  const order = new Int32Array(numbers.length), next = starts.slice();
  numbers.forEach((number, i) => order[next[number]++] = i);
  return { starts, order };
}

/** Where in a file the events are, and of which faults. */
class Places {
  readonly #file: FsFile;
  #numbers: Int32Array = new Int32Array(1024);
  #offsets: Float64Array = new Float64Array(1024);
  /** Negative if the packet has a route, which is not part of the event. */
  #lengths: Int32Array = new Int32Array(1024);
  #count = 0;
  #end = 0;
  packetsEnd = 0;

  constructor(file: FsFile) {
    this.#file = file;
  }

  add(number: number, length: number, isRouted: boolean): void {
    const count = this.#count;
    if (count === this.#numbers.length) {
      const more = count + (count >>> 1);
      this.#numbers = grown(this.#numbers, more);
      this.#offsets = grown(this.#offsets, more);
      this.#lengths = grown(this.#lengths, more);
    }
    this.#numbers[count] = number;
    this.#offsets[count] = this.#end;
    this.#lengths[count] = isRouted ? -length : length;
    this.#count++;
    this.skipPacket(length);
  }

  skipPacket(length: number): void {
    this.skip(length);
    this.packetsEnd = this.#end;
  }

  skip(length: number): void {
    this.#end += length;
  }

  /** Reads the events of the faults that are wanted, in the order of the file. */
  gather(isWanted: Uint8Array, gathered: Gathered): void {
    let block: Uint8Array = new Uint8Array(0), blockAt = 0;
    for (let i = 0; i < this.#count; i++) {
      const number = this.#numbers[i];
      if (!isWanted[number]) continue;
      const offset = this.#offsets[i], length = Math.abs(this.#lengths[i]);
      if (offset + length > blockAt + block.length) {
        blockAt = offset;
        block = readAt(this.#file, offset, Math.max(length, BLOCK_BYTES));
      }
      const at = offset - blockAt;
      const bytes = block.subarray(at, at + length);
      gathered.add(
        number,
        this.#lengths[i] > 0 ? bytes : canonicalBytes(decodePacket(bytes)),
        offset,
        length,
      );
    }
  }
}

/** The bytes of packets, and the number of the fault of each. */
class Gathered {
  #memory: Uint8Array;
  #end = 0;
  #numbers: Int32Array = new Int32Array(1024);
  #ends: Int32Array = new Int32Array(1024);
  #count = 0;
  /** Offsets and lengths in the file, if they are known. */
  #places: Float64Array | undefined;
  #sorted: {
    readonly size: number;
    readonly starts: Int32Array;
    readonly order: Int32Array;
  } | undefined;

  constructor(bytes: number = 64 * 1024) {
    this.#memory = new Uint8Array(bytes);
  }

  addRow(number: number, rows: Rows, i: number): void {
    this.add(
      number,
      rows.routeAt(i) < 0
        ? rows.source.subarray(rows.start(i), rows.end(i))
        : canonicalBytes(rows.packet(i)),
    );
  }

  add(
    number: number,
    bytes: Uint8Array,
    offset: number = -1,
    length: number = 0,
  ): void {
    if (this.#end + bytes.length > this.#memory.length) {
      this.#memory = grown(this.#memory, 2 * (this.#end + bytes.length));
    }
    if (this.#count === this.#numbers.length) {
      this.#numbers = grown(this.#numbers, 2 * this.#count);
      this.#ends = grown(this.#ends, 2 * this.#count);
    }
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
    this.#numbers[this.#count] = number;
    if (offset >= 0) {
      this.#places ??= new Float64Array(2 * this.#numbers.length);
      if (2 * this.#count === this.#places.length) {
        this.#places = grown(this.#places, 4 * this.#count);
      }
      this.#places[2 * this.#count] = offset;
      this.#places[2 * this.#count + 1] = length;
    }
    this.#ends[this.#count++] = this.#end;
  }

  /**
   * Sorts the packets by their faults, and returns what gives those of one: they
   * become objects only then.
   *
   * @param size more than the largest number
   */
  byFault(
    size: number,
  ): (number: number) => Pick<FaultPackets, "packets" | "places"> {
    if (this.#sorted?.size !== size) {
      const numbers = this.#numbers.subarray(0, this.#count);
      this.#sorted = { size, ...placesBy(numbers, size) };
    }
    const { starts, order } = this.#sorted, places = this.#places;
    return (number) => {
      const packets: Uint8Array[] = [];
      const found: number[] | undefined = places && [];
      for (let at = starts[number]; at < starts[number + 1]; at++) {
        const i = order[at], start = i === 0 ? 0 : this.#ends[i - 1];
        packets.push(this.#memory.subarray(start, this.#ends[i]));
        found?.push(places![2 * i], places![2 * i + 1]);
      }
      return { packets, places: found };
    };
  }
}
