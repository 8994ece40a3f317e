/**
 * Comparing and copying short runs of bytes, four bytes at a time, the last four
 * again: creating a view and calling the runtime costs more than copying forty
 * bytes.
 *
 * @module
 */

/**
 * Returns whether bytes `start` to `end` equal those of `other` from `at` on.
 */
export function sameBytes(
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
export function copyBytes(
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
