/** Input that is not a stream of packets, but results in another format. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { callTool, test } from "../support/call.ts";
import { runTool, some, TempDir } from "../support/run.ts";

/** Results in other formats, and the tool that converts them. */
const FORMATS: readonly [converter: string, text: string][] = [
  ["tap2subunit", "TAP version 13\n1..1\nok 1 - a\n"],
  [
    "junitxml2subunit",
    '<?xml version="1.0"?><testsuite><testcase name="a"/></testsuite>',
  ],
  [
    "gojson2subunit",
    '{"Action":"start","Package":"p"}\n{"Action":"pass","Package":"p"}\n',
  ],
  ["subunit-1to2", "test: a\nsuccess: a\n"],
  ["json2subunit", '{"test_id":"a","test_status":"fail","runnable":true}\n'],
];

/** The tools that judge a stream, with the options for it. */
const JUDGES: readonly [tool: string, ...args: string[]][] = [
  ["subunit-ls"],
  ["subunit-stats"],
  ["subunit2csv"],
  ["subunit2disk", "-d", "."],
  ["subunit2github"],
  ["subunit2html"],
  ["subunit2junitxml"],
  ["subunit2pyunit"],
  ["subunit2tap"],
  ["subunit2trace"],
  ["subunit2cbor", "--exit-status"],
  ["subunit2json", "--exit-status"],
  ["subunit-filter", "--keep-all", "--exit-status"],
  ["subunit-load", "--repo=.subunit", "--exit-status"],
  ["subunit-seal", "--exit-status"],
  ["subunit-tags", "--exit-status", "a"],
  ["subunit-faults", "--exit-status"],
  ["subunit-faults", "--report"],
  ["subunit-faults", "--new=/dev/null"],
  ["subunit-attempts", "--exit-status"],
  ["subunit-attempts", "--fail-on-flaky"],
  ["subunit-quarantine", "/dev/null", "--exit-status"],
  ["subunit-quarantine", "/dev/null", "--report"],
  ["subunit-quarantine", "/dev/null", "--suggest"],
];

for (const [tool, ...args] of some(JUDGES, 3)) {
  const call = [tool, ...args].join(" ");
  Deno.test(`${call} is not green on results in another format, and names its converter`, async () => {
    for (const [converter, text] of FORMATS) {
      using dir = new TempDir();
      const options = { stdin: text, cwd: dir.path };
      const { status, stderr } = await runTool(tool, args, options);
      assertEquals(status, 1, `${converter}: ${stderr}`);
      assertStringIncludes(
        stderr,
        `${tool}: The input has no packets, but results in another format: put ${converter} in front\n`,
      );
    }
  });

  Deno.test(`${call} is green on text and on nothing`, async () => {
    for (const stdin of ["", "make: nothing to do\n"]) {
      using dir = new TempDir();
      const options = { stdin, cwd: dir.path };
      const { status } = await runTool(tool, args, options);
      assertEquals(status, 0, stdin);
    }
  });
}

test("subunit-diff refuses a run in another format", async () => {
  using dir = new TempDir();
  const tap = dir.file("tap", "1..1\nok 1\n");
  const empty = dir.file("empty", "");
  for (const files of [[tap, empty], [empty, tap]]) {
    const { status, stderr } = await callTool("subunit-diff", files);
    assertEquals(status, 2);
    assertMatch(stderr, /^subunit-diff: Cannot compare ".*tap": .*tap2subunit/);
  }
});

test("subunit-shard does not divide the lines of results in another format", async () => {
  for (const [converter, stdin] of FORMATS) {
    const { status, stdout, stderr } = await callTool(
      "subunit-shard",
      ["1/2"],
      {
        stdin,
      },
    );
    assertEquals([status, stdout.length], [2, 0], converter);
    assertStringIncludes(stderr, `put ${converter} in front`);
  }
});
