/**
 * Makes an input smaller that breaks a law.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/**
 * Removes parts of `bytes`, smaller and smaller ones, as long as they still
 * break the law. Not the smallest input: one that people can read.
 *
 * @param milliseconds how long it may take
 */
export async function shrink(
  bytes: Uint8Array,
  breaks: (bytes: Uint8Array) => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<Uint8Array> {
  const end = performance.now() + milliseconds;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < bytes.length;) {
      if (performance.now() > end) return bytes;
      const less = concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      if (await breaks(less)) bytes = less;
      else at += size;
    }
  }
  return bytes;
}
