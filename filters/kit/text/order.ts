/**
 * The order of text that people and `sort` expect.
 *
 * @module
 */

/**
 * Compares by code point, as Python and `LC_ALL=C sort` do. Operators compare
 * strings by UTF-16 unit, which puts U+1F600 before U+FF5E.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsHalf = isHalf(x), yIsHalf = isHalf(y);
    if (xIsHalf !== yIsHalf) return xIsHalf ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Returns whether a UTF-16 unit is half of a character past U+FFFF. */
function isHalf(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}
