/**
 * Runs the tests of single tools with the npm package on Node; those
 * of pipes are in `node_test.ts`.
 */

import { bin, installPackage } from "../support/package.ts";
import { isCi, peer, testInstalled } from "../support/run.ts";

/** The tests of the tools, one file per command. */
const FOLDER = new URL("../filters/", import.meta.url);

/**
 * What runs outside CI too: tools that start processes, wait for descriptors
 * and open files as they write, which is where the runtimes differ.
 */
const MOST_DIFFERENT = [
  "subunit-exec_test.ts",
  "subunit-tee_test.ts",
  "subunit2disk_test.ts",
];

if (peer("node") && peer("npm")) {
  await installPackage();
  testInstalled(bin);
  const all = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name)
    .filter((name) => name.endsWith("_test.ts"));
  if (!isCi) {
    console.log(
      `left out: ${
        all.length - MOST_DIFFERENT.length
      } tools on Node; CI has them`,
    );
  }
  for (const name of isCi ? all : MOST_DIFFERENT) {
    await import(new URL(name, FOLDER).href);
  }
  if (isCi) await import("../signing/inband_test.ts");
  await import("../every_tool/peers_test.ts");
} else {
  console.log("left out: the tools on Node need node and npm");
}
