/**
 * Limits V8's young generation, which otherwise grows with the length of a
 * stream, to three times 16 MiB.
 *
 * The flag for its size works only on Node's command line, and the first line
 * of a script cannot pass it everywhere: BusyBox's env takes no options.
 * Whether it may grow can be set at any time.
 *
 * @module
 */

import process from "node:process";

/** Both halves at 4 MiB: as much as the tools have under Deno. */
const ENOUGH_BYTES = 8 * 1024 * 1024;
/** Looking takes as long as reading 40 KiB. */
const READS_BETWEEN_LOOKS = 8;

let reads = 0;
let isBound = false;

/** To be called at each read: forbids growth once the space is large enough. */
export function boundYoungSpace(): void {
  if (isBound || ++reads % READS_BETWEEN_LOOKS !== 0) return;
  const v8 = process.getBuiltinModule("node:v8");
  const young = v8.getHeapSpaceStatistics()
    .find(({ space_name }) => space_name === "new_space");
  if (young === undefined || young.space_size < ENOUGH_BYTES) return;
  isBound = true;
  v8.setFlagsFromString("--semi-space-growth-factor=1");
}
