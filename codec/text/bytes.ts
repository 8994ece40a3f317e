/**
 * Short runs of bytes, four at a time: a view and a call of the runtime cost
 * more than forty bytes do.
 *
 * @module
 */

/** Says whether bytes `start` to `end` are those of `other` from `at` on. */
export function sameBytes(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): boolean {
  const by = at - start;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    if (view.getInt32(i, true) !== other.getInt32(i + by, true)) return false;
  }
  for (; i < end; i++) {
    if (view.getUint8(i) !== other.getUint8(i + by)) return false;
  }
  return true;
}

/** Copies bytes `start` to `end` into `other` from `at` on. */
export function copyBytes(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): void {
  const by = at - start;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    other.setInt32(i + by, view.getInt32(i, true), true);
  }
  for (; i < end; i++) other.setUint8(i + by, view.getUint8(i));
}
