/**
 * CRCs of overlapping ranges without reading a byte twice.
 *
 * @module
 */

import { skipZeros, updateRegister } from "./crc32.ts";
import { MAX_PACKET_BYTES } from "./layout.ts";

/** Bytes between two notes of the register. */
const STEP = 128;
/**
 * The number of notes kept: overlapping ranges reach back over at most two
 * packets.
 */
const NOTES = 2 * Math.ceil(MAX_PACKET_BYTES / STEP) + 2;

/**
 * The running CRC of part of a stream, noted every {@linkcode STEP} bytes.
 * Hostile bytes can claim packets of 4 MiB nested in one another; this gives
 * the CRC of each in constant time.
 *
 * Positions are stream offsets; a `view` has the stream's bytes from offset
 * `base` on. Ranges must begin in ascending order and be no longer than the
 * longest packet.
 */
export class RunningCrc {
  readonly #notes = new Int32Array(NOTES);
  #origin = 0;
  #known = 0;
  #register = 0;

  /** The CRC-32 of stream bytes `start` to `end`. */
  range(view: DataView, base: number, start: number, end: number): number {
    // Notes from before the available bytes are useless. That happens once
    // after the decoder moves its buffer, which is rare enough to start again.
    if (
      start < this.#origin || start > this.#known || this.#note(start) < base
    ) {
      this.#origin = this.#known = start;
      this.#register = this.#notes[0] = 0;
    }
    this.#extend(view, base, end);
    // The register begins with all ones; as CRCs are linear, they can be added
    // where the range starts.
    const before = ~this.#at(view, base, start);
    return ~(this.#at(view, base, end) ^ skipZeros(before, end - start)) >>> 0;
  }

  #extend(view: DataView, base: number, end: number): void {
    while (this.#known < end) {
      const done = this.#known - this.#origin;
      const next = Math.min(end, this.#known + STEP - done % STEP);
      this.#register = updateRegister(
        this.#register,
        view,
        this.#known - base,
        next - base,
      );
      this.#known = next;
      const note = (next - this.#origin) / STEP;
      if (Number.isInteger(note)) this.#notes[note % NOTES] = this.#register;
    }
  }

  /** The register, from zero at the origin, before stream byte `place`. */
  #at(view: DataView, base: number, place: number): number {
    const noted = this.#note(place);
    return updateRegister(
      this.#notes[(noted - this.#origin) / STEP % NOTES],
      view,
      noted - base,
      place - base,
    );
  }

  /** The last noted offset up to `place`. */
  #note(place: number): number {
    return place - (place - this.#origin) % STEP;
  }
}
