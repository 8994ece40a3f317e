/**
 * The tests of single tools once more, against the npm package on Node; those
 * of whole pipes are in `node_test.ts`.
 */

import { bin, installPackage } from "./_package.ts";
import { peer, testInstalled } from "./_run.ts";

if (peer("node") && peer("npm")) {
  await installPackage();
  testInstalled(bin);
  await import("./cbor_test.ts");
  await import("./csv_test.ts");
  await import("./diff_test.ts");
  await import("./disk_test.ts");
  await import("./exec_test.ts");
  await import("./filter_test.ts");
  await import("./github_test.ts");
  await import("./gojson_test.ts");
  await import("./gpg_inband_test.ts");
  await import("./json_test.ts");
  await import("./junit_read_test.ts");
  await import("./junitxml_test.ts");
  await import("./ls_test.ts");
  await import("./merge_test.ts");
  await import("./output_test.ts");
  await import("./peers_test.ts");
  await import("./pyunit_test.ts");
  await import("./seal_test.ts");
  await import("./stats_test.ts");
  await import("./tags_test.ts");
  await import("./tap_test.ts");
  await import("./tap_write_test.ts");
  await import("./tee_test.ts");
  await import("./v1_test.ts");
} else {
  console.log("left out: the tools on Node need node and npm");
}
