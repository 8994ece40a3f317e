/**
 * Comparing and copying short runs of bytes, eight or four at a time, the last
 * ones again: creating a view and calling the runtime costs more than copying
 * forty bytes.
 *
 * @module
 */

/**
 * Whether the engine's compiled code handles 64 bits without making an object of
 * them. V8 on Node 22 makes one, and takes five times as long as with 32 bits;
 * Node 24 is the first that has this function.
 */
const IS_WIDE = "escape" in RegExp;

/**
 * Returns whether bytes `start` to `end` equal those of `other` from `at` on.
 */
export const sameBytes: typeof sameNarrowly = IS_WIDE
  ? sameWidely
  : sameNarrowly;

function sameWidely(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): boolean {
  const by = at - start, last = end - 8;
  if (last < start) return sameNarrowly(view, start, end, other, at);
  for (let i = start; i < last; i += 8) {
    if (view.getBigInt64(i, true) !== other.getBigInt64(i + by, true)) {
      return false;
    }
  }
  return view.getBigInt64(last, true) === other.getBigInt64(last + by, true);
}

function sameNarrowly(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): boolean {
  const by = at - start, last = end - 4;
  if (last < start) {
    for (let i = start; i < end; i++) {
      if (view.getUint8(i) !== other.getUint8(i + by)) return false;
    }
    return true;
  }
  for (let i = start; i < last; i += 4) {
    if (view.getInt32(i, true) !== other.getInt32(i + by, true)) return false;
  }
  return view.getInt32(last, true) === other.getInt32(last + by, true);
}

/** Copies bytes `start` to `end` to `other` at `at`; they must not overlap. */
export const copyBytes: typeof copyNarrowly = IS_WIDE
  ? copyWidely
  : copyNarrowly;

function copyWidely(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): void {
  const by = at - start, last = end - 8;
  if (last < start) return copyNarrowly(view, start, end, other, at);
  for (let i = start; i < last; i += 8) {
    other.setBigInt64(i + by, view.getBigInt64(i, true), true);
  }
  other.setBigInt64(last + by, view.getBigInt64(last, true), true);
}

function copyNarrowly(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): void {
  const by = at - start, last = end - 4;
  if (last < start) {
    for (let i = start; i < end; i++) other.setUint8(i + by, view.getUint8(i));
    return;
  }
  for (let i = start; i < last; i += 4) {
    other.setInt32(i + by, view.getInt32(i, true), true);
  }
  other.setInt32(last + by, view.getInt32(last, true), true);
}
