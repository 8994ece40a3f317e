/**
 * What a call of either CRC costs.
 *
 * @module
 */

import { loadNativeCrc32, updateRegister } from "../../codec/v2/crc32.ts";
import { figureText, formatTable } from "./table.ts";

const CRC_SIZES = [32, 64, 96, 128, 192, 256, 512, 1024, 4096, 16384, 65536];
const CRC_BYTES_A_RUN = 16 * 1024 * 1024;
const CRC_RUNS = 5;

/** Prints the cost of a call to either CRC, and the size where they cross. */
export function compareCrcs(): void {
  const begun = performance.now();
  const native = loadNativeCrc32();
  const loadMs = performance.now() - begun;
  if (native === undefined) throw new Error("No native CRC in this runtime");
  const bytes = crypto.getRandomValues(new Uint8Array(CRC_SIZES.at(-1)!));
  const view = new DataView(bytes.buffer);
  const figures = CRC_SIZES.map((size) => {
    const table = nanosecondsACall(size, (start, end) => {
      updateRegister(-1, view, start, end);
    });
    // The view is part of the cost, as in `crc32`.
    const builtIn = nanosecondsACall(size, (start, end) => {
      native(new Uint8Array(view.buffer, start, end - start));
    });
    return { size, table, builtIn };
  });
  console.log(
    formatTable([
      ["bytes per call", "table ns", "native ns", "table GB/s", "native GB/s"],
      ...figures.map(({ size, table, builtIn }) => [
        String(size),
        ...[table, builtIn, size / table, size / builtIn].map(figureText),
      ]),
    ]) +
      `Native is faster from ${
        crossing(figures)
      } bytes a call; loading it took ${figureText(loadMs)} ms.`,
  );
}

function nanosecondsACall(
  size: number,
  call: (start: number, end: number) => void,
): number {
  const calls = Math.ceil(CRC_BYTES_A_RUN / size);
  const places = Math.floor(CRC_SIZES.at(-1)! / size);
  const runs = Array.from({ length: CRC_RUNS }, () => {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) {
      const start = (i % places) * size;
      call(start, start + size);
    }
    return (performance.now() - begun) * 1e6 / calls;
  });
  return Math.min(...runs);
}

/** Returns the first size from which the native CRC is never slower. */
export function crossing(
  figures: readonly { size: number; table: number; builtIn: number }[],
): number {
  const last = figures.findLastIndex(({ table, builtIn }) => table < builtIn);
  return figures[last + 1]?.size ?? Infinity;
}
