/**
 * Runs the tests of single tools with the npm package on Node; those
 * of pipes are in `node_test.ts`.
 */

import { bin, installPackage } from "../support/package.ts";
import { peer, testInstalled } from "../support/run.ts";

/** The tests of the tools, one file per command. */
const FOLDER = new URL("../filters/", import.meta.url);

if (peer("node") && peer("npm")) {
  await installPackage();
  testInstalled(bin);
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (name.endsWith("_test.ts")) await import(new URL(name, FOLDER).href);
  }
  await import("../signing/inband_test.ts");
  await import("../every_tool/peers_test.ts");
} else {
  console.log("left out: the tools on Node need node and npm");
}
