/**
 * Durations as people read them.
 *
 * @module
 */

/** A duration in whole seconds: "0:07", "12:34", "1:02:03". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (count: number) => String(count % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole)}`
    : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
}

/** How long a test takes: "0.123 s", "12.3 s", "2:03". */
export function secondsText(seconds: number, decimals = 3): string {
  if (seconds >= 100) return clockText(seconds);
  return `${
    Math.max(0, seconds).toFixed(
      seconds < 10 ? decimals : Math.min(1, decimals),
    )
  } s`;
}
