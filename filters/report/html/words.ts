/**
 * Numbers as people read them.
 *
 * @module
 */

/** Returns a duration: "0.004 s", "12.3 s", "2 min 05 s", "1 h 02 min". */
export function durationText(seconds: number): string {
  if (!(Math.abs(seconds) >= 60)) {
    const decimals = Math.abs(seconds) < 1 ? 3 : Math.abs(seconds) < 10 ? 2 : 1;
    return `${seconds.toFixed(decimals)} s`;
  }
  const sign = seconds < 0 ? "-" : "";
  const whole = Math.round(Math.abs(seconds));
  const two = (number: number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${sign}${minutes} min ${two(whole % 60)} s`
    : `${sign}${countText(Math.floor(minutes / 60))} h ${
      two(minutes % 60)
    } min`;
}

/** Returns a count, with commas: "1,234,567". */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Returns a size: "512 bytes", "12.3 kB". */
export function sizeText(bytes: number): string {
  if (bytes === 1) return "1 byte";
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let size = bytes / 1000, unit = 0;
  for (; size >= 999.5 && unit < units.length - 1; unit++) size /= 1000;
  return `${size < 9.95 ? size.toFixed(1) : size.toFixed(0)} ${units[unit]}`;
}

/** Returns a time in UTC: "2026-11-27 22:09:58 UTC". */
export function timeText(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}
