/**
 * Clocks that stand still, for output with the current time in it.
 *
 * @module
 */

/** A script that stops the clock of a runtime; load it first. */
export const STOPPED_CLOCK = `
const RealDate = Date;
const time = RealDate.UTC(2026, 0, 31, 1, 2, 3, 456);
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(time);
    else super(...args);
  }
  static now() {
    return time;
  }
};
Object.defineProperty(performance, "now", { value: () => 1234 });
`;
