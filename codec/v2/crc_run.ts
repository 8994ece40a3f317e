/**
 * The CRCs of a run of packets, checked at once.
 *
 * If each packet's stored CRC is right, the CRC of all their bytes follows from
 * the stored ones, in eight table look-ups a packet. The runtime's own CRC of
 * the bytes must equal it.
 *
 * One packet with a wrong CRC always makes a difference, because what follows
 * it maps different registers to different registers. Several can cancel one
 * another: by accident once in 2 ** 32, and on purpose always. CRC-32 stops
 * nobody who makes bytes on purpose, because he can write CRCs that are right.
 *
 * @module
 */

import { nativeCrc32, TABLES } from "./crc32.ts";
import { CRC_BYTES } from "./layout.ts";

/**
 * Up to how many bytes are passed over in one step; longer packets take several.
 * The tables have 160 KB.
 */
export const MOST_ZEROS = 160;

let tables: Int32Array | undefined;

/**
 * `table[256 * n + b]`: as in `TABLES`, but for `n` below {@linkcode MOST_ZEROS}.
 * They are made on first use.
 */
export function zeroTables(): Int32Array {
  return tables ??= makeTables();
}

function makeTables(): Int32Array {
  const longer = new Int32Array(MOST_ZEROS * 256);
  longer.set(TABLES);
  for (let i = TABLES.length; i < longer.length; i++) {
    const before = longer[i - 256];
    longer[i] = (before >>> 8) ^ TABLES[before & 0xff];
  }
  return longer;
}

/** The tables for {@linkcode addPacket}; undefined before there is a use. */
export function runTables(): Int32Array | undefined {
  return nativeCrc32() === undefined ? undefined : zeroTables();
}

/** The register before the first packet of a run. */
export const RUN_START = -1;

/**
 * The register after a packet of `length` bytes that ends at `end`, if its CRC
 * is right.
 *
 * @param t the result of {@linkcode runTables}
 */
export function addPacket(
  t: Int32Array,
  register: number,
  view: DataView,
  end: number,
  length: number,
): number {
  let r = ~register, left = length;
  // The last step is over four bytes at least.
  for (; left > MOST_ZEROS; left -= MOST_ZEROS - 4) {
    r = passZeros(t, r, MOST_ZEROS - 4);
  }
  // The register that a right CRC leaves, in the middle of its own four bytes.
  const stored = view.getInt32(end - CRC_BYTES);
  const c = ~stored ^ view.getInt32(end - CRC_BYTES, true);
  return passZeros(t, r, left) ^ passZeros(t, c, CRC_BYTES);
}

/**
 * The register after `count` zero bytes, {@linkcode CRC_BYTES} to
 * {@linkcode MOST_ZEROS}.
 *
 * @param t the result of {@linkcode zeroTables}
 */
export function passZeros(t: Int32Array, r: number, count: number): number {
  const last = count << 8;
  return t[last - 256 + (r & 255)] ^ t[last - 512 + (r >>> 8 & 255)] ^
    t[last - 768 + (r >>> 16 & 255)] ^ t[last - 1024 + (r >>> 24)];
}

/**
 * Returns whether the bytes of a run have the CRC that its packets add up to.
 */
export function isSoundRun(run: Uint8Array, register: number): boolean {
  return nativeCrc32()!(run) === ~register >>> 0;
}
