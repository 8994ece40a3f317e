/**
 * Durations as people write and read them.
 *
 * @module
 */

import { UsageError } from "../../kit/errors.ts";

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;
/** The longest that a timer takes. */
const MAX_SECONDS = 2 ** 31 / 1000 - 1;

/** Returns the seconds in the value of an option: "30s", "1.5m", "500ms", "2h". */
export function parseDuration(name: string, value: string): number {
  const [, digits, unit = "s"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/
    .exec(value) ?? [];
  const seconds = Number(digits) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(
    `Option --${name} is "${value}": expected a duration, such as 30s, 5m or 1h`,
  );
}

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
