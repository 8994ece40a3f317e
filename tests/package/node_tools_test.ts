/**
 * The tests of single tools once more, against the npm package on Node; those
 * of whole pipes are in `node_test.ts`.
 */

import { bin, installPackage } from "../support/package.ts";
import { peer, testInstalled } from "../support/run.ts";

if (peer("node") && peer("npm")) {
  await installPackage();
  testInstalled(bin);
  await import("../filters/subunit2cbor_test.ts");
  await import("../filters/subunit2csv_test.ts");
  await import("../filters/subunit-diff_test.ts");
  await import("../filters/subunit2disk_test.ts");
  await import("../filters/subunit-exec_test.ts");
  await import("../filters/subunit-filter_test.ts");
  await import("../filters/subunit2github_test.ts");
  await import("../filters/gojson2subunit_test.ts");
  await import("../signing/inband_test.ts");
  await import("../filters/subunit2json_test.ts");
  await import("../filters/junitxml2subunit_test.ts");
  await import("../filters/subunit2junitxml_test.ts");
  await import("../filters/subunit-ls_test.ts");
  await import("../filters/subunit-merge_test.ts");
  await import("../filters/subunit-output_test.ts");
  await import("../every_tool/peers_test.ts");
  await import("../filters/subunit2pyunit_test.ts");
  await import("../filters/subunit-seal_test.ts");
  await import("../filters/subunit-stats_test.ts");
  await import("../filters/subunit-tags_test.ts");
  await import("../filters/tap2subunit_test.ts");
  await import("../filters/subunit2tap_test.ts");
  await import("../filters/subunit-tee_test.ts");
  await import("../filters/subunit-1to2_test.ts");
} else {
  console.log("left out: the tools on Node need node and npm");
}
