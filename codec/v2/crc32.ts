/**
 * The packet's checksum: CRC-32 as in ISO-HDLC (zlib, gzip, PNG).
 *
 * @module
 */

/** The reflected polynomial. */
const POLYNOMIAL = 0xedb88320;

/**
 * `TABLES[256 * n + b]`: the register after byte `b` and `n` zero bytes.
 * Sixteen tables process sixteen bytes at once.
 */
export const TABLES: Int32Array = new Int32Array(16 * 256);
for (let byte = 0; byte < 256; byte++) {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) {
    register = (register >>> 1) ^ ((register & 1) * POLYNOMIAL);
  }
  TABLES[byte] = register;
}
for (let i = 256; i < TABLES.length; i++) {
  const before = TABLES[i - 256];
  TABLES[i] = (before >>> 8) ^ TABLES[before & 0xff];
}

/**
 * Updates the register byte by byte: the plain form of {@linkcode
 * updateRegister} and its oracle in the tests.
 *
 * @internal
 */
export function updateRegisterPlainly(
  register: number,
  view: DataView,
  start: number,
  end: number,
): number {
  for (let at = start; at < end; at++) {
    register = (register >>> 8) ^
      TABLES[(register ^ view.getUint8(at)) & 0xff];
  }
  return register;
}

/**
 * Updates the register with bytes `start` to `end`.
 *
 * Takes sixteen, eight, then four bytes a step ("slicing"): 1.8 GB/s at 80
 * bytes a call, against 0.4 GB/s byte by byte. The three steps are the same one
 * written out, because a loop over the tables costs more than the look-ups.
 *
 * @internal
 */
export function updateRegister(
  register: number,
  view: DataView,
  start: number,
  end: number,
): number {
  const t = TABLES;
  let r = register, at = start;
  for (const last = end - 16; at <= last; at += 16) {
    const w = view.getInt32(at + 4, true);
    const x = view.getInt32(at + 8, true);
    const y = view.getInt32(at + 12, true);
    const rest = t[2816 + (w & 255)] ^ t[2560 + (w >>> 8 & 255)] ^
      t[2304 + (w >>> 16 & 255)] ^ t[2048 + (w >>> 24)] ^
      t[1792 + (x & 255)] ^ t[1536 + (x >>> 8 & 255)] ^
      t[1280 + (x >>> 16 & 255)] ^ t[1024 + (x >>> 24)] ^
      t[768 + (y & 255)] ^ t[512 + (y >>> 8 & 255)] ^
      t[256 + (y >>> 16 & 255)] ^ t[y >>> 24];
    r ^= view.getInt32(at, true);
    r = (t[3840 + (r & 255)] ^ t[3584 + (r >>> 8 & 255)]) ^
      (t[3328 + (r >>> 16 & 255)] ^ t[3072 + (r >>> 24)]) ^ rest;
  }
  if (at + 8 <= end) {
    const w = view.getInt32(at + 4, true);
    const rest = t[768 + (w & 255)] ^ t[512 + (w >>> 8 & 255)] ^
      t[256 + (w >>> 16 & 255)] ^ t[w >>> 24];
    r ^= view.getInt32(at, true);
    r = (t[1792 + (r & 255)] ^ t[1536 + (r >>> 8 & 255)]) ^
      (t[1280 + (r >>> 16 & 255)] ^ t[1024 + (r >>> 24)]) ^ rest;
    at += 8;
  }
  if (at + 4 <= end) {
    r ^= view.getInt32(at, true);
    r = (t[768 + (r & 255)] ^ t[512 + (r >>> 8 & 255)]) ^
      (t[256 + (r >>> 16 & 255)] ^ t[r >>> 24]);
    at += 4;
  }
  for (; at < end; at++) r = (r >>> 8) ^ t[(r ^ view.getUint8(at)) & 255];
  return r;
}

/**
 * From how many bytes on the runtime's own CRC is used. A call costs 45 ns and
 * then runs at 50 GB/s; the tables take as long for 90 bytes (`deno task bench
 * crc`).
 */
const NATIVE_FROM_BYTES = 96;
/**
 * How many bytes the tables process before the runtime's CRC is loaded: loading
 * costs 25 to 30 ms, about what it saves over as many bytes, whether packets are
 * long or short. So no stream takes much longer than with the better of both.
 * Measured with `subunit-stats` on packets of 80 bytes: with 32 MiB, 40 MB took
 * a fifth longer; with 96 MiB, 160 MB a tenth.
 */
const NATIVE_AFTER_BYTES = 64 * 1024 * 1024;

type NativeCrc32 = (bytes: Uint8Array) => number;
let native: NativeCrc32 | undefined;
let bytesBeforeNative = NATIVE_AFTER_BYTES;

/** The runtime's CRC-32, once it is loaded. */
export function nativeCrc32(): NativeCrc32 | undefined {
  return native;
}

/** Counts bytes that tables have processed, and loads the runtime's CRC-32. */
export function countTableBytes(bytes: number): void {
  if (bytesBeforeNative <= 0) return;
  bytesBeforeNative -= bytes;
  if (bytesBeforeNative <= 0) native = loadNativeCrc32();
}

/** Loads the runtime's CRC-32 now, or returns to the tables: for tests. */
export function useNativeCrc32(isUsed: boolean): void {
  native = isUsed ? loadNativeCrc32() : undefined;
  bytesBeforeNative = isUsed ? 0 : NATIVE_AFTER_BYTES;
}

/** The runtime's CRC-32, if it has one: `node:zlib` in Deno and Node. */
export function loadNativeCrc32(): NativeCrc32 | undefined {
  const { process } = globalThis as {
    process?: {
      getBuiltinModule?(name: string): { crc32?: NativeCrc32 } | undefined;
    };
  };
  return process?.getBuiltinModule?.("node:zlib")?.crc32;
}

/**
 * The CRC-32 of bytes `start` to `end` of `view`, as an unsigned number.
 *
 * Small ranges use tables; large ones, once there have been enough of them, use
 * the runtime's own code.
 */
export function crc32(
  view: DataView,
  start = 0,
  end: number = view.byteLength,
): number {
  if (end - start >= NATIVE_FROM_BYTES) countTableBytes(end - start);
  return uncountedCrc32(view, start, end);
}

/** The same, of bytes that the caller counts. */
export function uncountedCrc32(
  view: DataView,
  start: number,
  end: number,
): number {
  const length = end - start;
  return native !== undefined && length >= NATIVE_FROM_BYTES
    ? native(new Uint8Array(view.buffer, view.byteOffset + start, length))
    : ~updateRegister(-1, view, start, end) >>> 0;
}

/** Multiplies two polynomials modulo the CRC's, both bit-reflected. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let rest = a; rest !== 0; rest <<= 1) {
    if (rest < 0) product ^= b;
    b = (b >>> 1) ^ ((b & 1) * POLYNOMIAL);
  }
  return product;
}

/** The polynomial 1, bit-reflected. */
const ONE = 0x80000000 | 0;

/** `POWERS[256 * n + k]`: x to the power of 8 k 256^n; made on first use. */
let powers: Int32Array | undefined;

function makePowers(): Int32Array {
  const table = new Int32Array(3 * 256);
  let step = ONE >>> 8; // x ** 8: one byte
  for (let digit = 0; digit < 3; digit++) {
    let power = ONE;
    for (let k = 0; k < 256; k++) {
      table[digit * 256 + k] = power;
      power = multiply(power, step);
    }
    step = power;
  }
  return table;
}

/**
 * The register after `count` zero bytes, `count` below 2 ** 24, in constant
 * time. With it, the CRC of any range follows from running CRCs of its ends, as
 * in zlib's `crc32_combine`.
 */
export function skipZeros(register: number, count: number): number {
  powers ??= makePowers();
  let result = multiply(register, powers[count & 255]);
  if (count >= 0x100) {
    result = multiply(result, powers[256 + (count >>> 8 & 255)]);
  }
  if (count >= 0x10000) {
    result = multiply(result, powers[512 + (count >>> 16)]);
  }
  return result;
}
