/**
 * The selection of rows, without an object for a packet.
 *
 * @module
 */

import {
  decodeTags,
  grown,
  Interned,
  Packet,
  type Rows,
  TEST_STATUSES,
  TestNumbers,
} from "@subunit/codec";
import { HeldPackets } from "../kit/stream/held_packets.ts";
import type { EndRules, OutcomeOrExists } from "./rules.ts";
import type { Selection } from "./selection.ts";

/** Codes of statuses, and 0 for none. */
const CODES = 8;
/** The place of a test's packet when it holds none by its place. */
const NONE = -1;
/** Places in the arena count down from here. */
const IN_ARENA = -2;
/** Longer packets are held as objects, not in the arena. */
const LONGEST_IN_ARENA = 4096;
const FIRST_ARENA_BYTES = 4096;

const SELECTED = { isSelected: true }, NOT_SELECTED = { isSelected: false };

/** What a {@linkcode RowSelection} needs besides a {@linkcode Selection}. */
export interface RowSelectionOptions {
  /**
   * What is selected; undefined if there are other rules, or packets change: then
   * all are left to the `Selection`.
   */
  readonly rules: EndRules | undefined;
  readonly followsParents: boolean;
  /** Takes the packets of tests, as `SelectionOptions.take` does. */
  takeBytes(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    isSelected: boolean,
  ): void;
}

/**
 * Selects tests by their outcome and the tags of their last event. When there is
 * more to know (a subtest may follow its parent, tags come before the end), a
 * {@linkcode Selection} takes over, and gets all that is held.
 *
 * Most tests hold one packet, and end in the chunk in which they start: where that
 * packet is, and its length, are numbers.
 *
 * `deno task bench` measures it as `subunit-filter -F`; the oracle in the tests
 * is the `Selection`.
 */
export class RowSelection {
  readonly #selection: Selection;
  readonly #options: RowSelectionOptions;
  /** Whether tests are selected that end with the status of a code. */
  readonly #isSelected: readonly boolean[];
  /** Whether tags select, by their bytes; undefined where all do. */
  readonly #hasTags: Interned<boolean> | undefined;
  /** Whether a test without tags is selected by that. */
  readonly #isWithoutTags: boolean = true;
  #hasHandedOver = false;
  readonly #open = new TestNumbers();
  #order = 0;

  // By the number of a test:
  /** Where the only packet that it holds is: in the chunk or in the arena. */
  #places = new Int32Array(this.#open.capacity);
  #lengths = new Int32Array(this.#open.capacity);
  #orders = new Float64Array(this.#open.capacity);
  /** The packets that it holds otherwise. */
  readonly #held: (HeldPackets | undefined)[] = [];

  /**
   * Packets that outlive their chunk. What is written there stays: when the arena
   * is full, those that are still held move to another one.
   */
  #arena = new Uint8Array(FIRST_ARENA_BYTES);
  #arenaView: DataView = new DataView(this.#arena.buffer);
  #arenaEnd = 0;
  /** How many bytes of the arena are held. */
  #arenaBytes = 0;

  /** Tests that may hold packets of the present chunk. */
  #fresh: number[] = [];
  #source: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(selection: Selection, options: RowSelectionOptions) {
    const { rules } = options;
    this.#selection = selection;
    this.#options = options;
    this.#isSelected = Array.from({ length: CODES }, (_, code) => {
      const outcome = TEST_STATUSES[code - 1];
      return rules?.outcomes.has(outcome as OutcomeOrExists) ?? false;
    });
    this.#hasHandedOver = rules === undefined;
    const { hasTags } = rules ?? {};
    if (hasTags === undefined) return;
    this.#hasTags = new Interned((source, start, end) =>
      hasTags(decodeTags(source, start, end))
    );
    this.#isWithoutTags = hasTags([]);
  }

  /** Takes the packet of a test. */
  add(rows: Rows, i: number): void {
    if (!this.#hasHandedOver && this.#needsMore(rows, i)) this.#handOver();
    if (this.#hasHandedOver) {
      this.#selection.add(rows.packet(i));
      return;
    }
    if (rows.source !== this.#source) this.#begin(rows);
    if (rows.isExists(i)) this.#take(rows, i, this.#isEndSelected(rows, i));
    else if (rows.isFinal(i)) this.#end(rows, i, this.#isEndSelected(rows, i));
    else this.#hold(rows, i);
  }

  /** Whether a packet needs what only a `Selection` does. */
  #needsMore(rows: Rows, i: number): boolean {
    if (rows.parentAt(i) >= 0 && this.#options.followsParents) return true;
    return this.#hasTags !== undefined && rows.tagsAt(i) >= 0 &&
      !rows.isExists(i) && !rows.isFinal(i);
  }

  /** Whether a test is selected that ends with this packet. */
  #isEndSelected(rows: Rows, i: number): boolean {
    if (!this.#isSelected[rows.statusCode(i)]) return false;
    const { source, view } = rows, at = rows.tagsAt(i);
    return at < 0
      ? this.#isWithoutTags
      : this.#hasTags?.get(source, view, at, rows.tagsEnd(i)) ?? true;
  }

  /** Makes what is held its own; before the bytes of the chunk are gone. */
  endChunk(): void {
    this.#own();
    this.#selection.endChunk();
  }

  /** Is called after the last packet: tests in progress are lost. */
  end(): void {
    if (!this.#hasHandedOver) {
      const isSelected = this.#isWithoutTags &&
        this.#options.rules!.outcomes.has("lost");
      for (const test of this.#inOrder()) this.#release(test, isSelected);
    }
    this.#selection.end();
  }

  #begin({ source, view }: Rows): void {
    this.#own();
    this.#source = source;
    this.#view = view;
  }

  #hold(rows: Rows, i: number): void {
    const test = this.#open.addRow(rows, i);
    if (this.#open.isNew) {
      if (test >= this.#places.length) this.#grow();
      this.#orders[test] = this.#order++;
      this.#places[test] = rows.start(i);
      this.#lengths[test] = rows.end(i) - rows.start(i);
      this.#fresh.push(test);
      return;
    }
    const held = this.#held[test] ?? this.#packetsOf(test);
    this.#held[test] = held;
    held.hold(rows.packet(i));
    this.#fresh.push(test);
  }

  #end(rows: Rows, i: number, isSelected: boolean): void {
    const test = this.#open.deleteRow(rows, i);
    if (test >= 0) this.#release(test, isSelected);
    this.#take(rows, i, isSelected);
    if (this.#options.followsParents) {
      const parent = isSelected ? SELECTED : NOT_SELECTED;
      this.#selection.ended.addRow(rows, i, parent);
    }
  }

  /** Lets the packets of a test go. */
  #release(test: number, isSelected: boolean): void {
    const place = this.#places[test], length = this.#lengths[test];
    const { takeBytes } = this.#options;
    this.#places[test] = NONE;
    if (place > NONE) {
      takeBytes(this.#source!, this.#view, place, place + length, isSelected);
    } else if (place <= IN_ARENA) {
      const at = IN_ARENA - place;
      this.#arenaBytes -= length;
      takeBytes(this.#arena, this.#arenaView, at, at + length, isSelected);
    } else {
      this.#held[test]!.release(({ source, view, start, end }) =>
        takeBytes(source, view, start, end, isSelected)
      );
      this.#held[test] = undefined;
    }
  }

  #take(rows: Rows, i: number, isSelected: boolean): void {
    const { source, view } = rows;
    this.#options.takeBytes(
      source,
      view,
      rows.start(i),
      rows.end(i),
      isSelected,
    );
  }

  /** The packet that a test holds by its place, as an object. */
  #packetsOf(test: number): HeldPackets {
    const packets = new HeldPackets();
    const place = this.#places[test], length = this.#lengths[test];
    const isInArena = place <= IN_ARENA;
    const source = isInArena ? this.#arena : this.#source!;
    const view = isInArena ? this.#arenaView : this.#view;
    const start = isInArena ? IN_ARENA - place : place;
    if (isInArena) this.#arenaBytes -= length;
    packets.hold(Packet.index(source, view, start, start + length) as Packet);
    this.#places[test] = NONE;
    return packets;
  }

  #own(): void {
    for (const test of this.#fresh) {
      const place = this.#places[test], length = this.#lengths[test];
      if (place > NONE && length <= LONGEST_IN_ARENA) {
        const at = this.#reserve(length);
        this.#arena.set(this.#source!.subarray(place, place + length), at);
        this.#places[test] = IN_ARENA - at;
        continue;
      }
      if (place > NONE) this.#held[test] = this.#packetsOf(test);
      this.#held[test]?.own();
    }
    this.#fresh = [];
    this.#source = undefined;
  }

  /** Reserves memory in the arena and returns where it begins. */
  #reserve(length: number): number {
    if (this.#arenaEnd + length > this.#arena.length) this.#moveArena(length);
    const at = this.#arenaEnd;
    this.#arenaEnd += length;
    this.#arenaBytes += length;
    return at;
  }

  #moveArena(length: number): void {
    const old = this.#arena, needed = this.#arenaBytes + length;
    this.#arena = new Uint8Array(
      Math.max(FIRST_ARENA_BYTES, needed + (needed >>> 1)),
    );
    this.#arenaView = new DataView(this.#arena.buffer);
    this.#arenaEnd = 0;
    for (const test of this.#open.values()) {
      const place = this.#places[test];
      if (place > IN_ARENA) continue;
      const at = IN_ARENA - place, length = this.#lengths[test];
      this.#arena.set(old.subarray(at, at + length), this.#arenaEnd);
      this.#places[test] = IN_ARENA - this.#arenaEnd;
      this.#arenaEnd += length;
    }
  }

  #handOver(): void {
    this.#hasHandedOver = true;
    for (const test of this.#inOrder()) {
      const held = this.#held[test] ?? this.#packetsOf(test);
      held.release((packet) => this.#selection.add(packet));
    }
    this.#held.length = 0;
    this.#fresh = [];
  }

  /** The tests in progress, in the order in which they started. */
  #inOrder(): Int32Array {
    return this.#open.values()
      .sort((a, b) => this.#orders[a] - this.#orders[b]);
  }

  #grow(): void {
    const { capacity } = this.#open;
    this.#places = grown(this.#places, capacity);
    this.#lengths = grown(this.#lengths, capacity);
    this.#orders = grown(this.#orders, capacity);
  }
}
