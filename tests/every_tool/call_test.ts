/**
 * A tool that a test calls in its own process does what its process does.
 */

import { assertEquals } from "@std/assert";
import { eventToJson } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import { concat } from "@std/bytes/concat";
import { CALLABLE, callTool } from "../support/call.ts";
import {
  checkoutCommandOf,
  filesIn,
  type Finished,
  fixture,
  run,
  TempDir,
} from "../support/run.ts";
import {
  damaged,
  eventsIn,
  noisyStream,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20261127;
const FAILED = { testId: "a", status: "fail" } as const;

/** Input that has a message or another exit status than 0 as its result. */
const INPUTS: Readonly<Record<string, Uint8Array>> = {
  "cbor2subunit": concat([eventToCbor({ runnable: true }), stream("x")]),
  "gojson2subunit": stream('{"Action":"run","Package":"p","Test":"T"}\n'),
  "json2subunit": stream(eventToJson({ runnable: true }), "\nx\n"),
  "junitxml2subunit": stream("<testsuite><testcase name='a'><failure/>"),
  "subunit-1to2": stream("test: a\n"),
  "tap2subunit": stream("1..2\nnot ok 1\n"),
};

const ARGS: Readonly<Record<string, readonly string[]>> = {
  "fault-log": ["cat"],
  "subunit-diff": ["/dev/null", "-"],
  "subunit-select": ["--as=ctest"],
  "subunit-output": ["--fail=a", "--attach-file=-"],
  "subunit-conform": [fixture("conform/shop.json")],
  "subunit-quarantine": ["/dev/null", "--exit-status"],
  "subunit-shard": ["1/2"],
};

/** A result without the times of a stream, which may be those of the call. */
function untimed(name: string, { stdout, ...rest }: Finished): unknown {
  const isTimed = /2subunit$|^subunit-(1to2|output)$/.test(name);
  const output = isTimed
    ? eventsIn(stdout).map(({ timestamp: _, ...event }) => event)
    : stdout.toHex();
  return { output, ...rest };
}

for (const name of CALLABLE) {
  Deno.test(`callTool gives what a process of ${name} gives (seed ${SEED})`, async () => {
    const stdin = INPUTS[name] ??
      stream(damaged(FAILED), FAILED, ...sample(noisyStream, 5, SEED));
    using called = new TempDir();
    using ran = new TempDir();
    const argsIn = ({ path }: TempDir) =>
      name === "subunit2disk" ? ["-d", path] : ARGS[name] ?? [];
    const both = async (...extra: string[]) => [
      await callTool(name, [...extra, ...argsIn(called)], { stdin }),
      await run([...checkoutCommandOf(name), ...extra, ...argsIn(ran)], {
        stdin,
      }),
    ];
    for (const extra of ["--nonsense", "--help"]) {
      const [ours, theirs] = await both(extra);
      assertEquals(ours, theirs);
    }
    const [ours, theirs] = await both();
    assertEquals(untimed(name, ours), untimed(name, theirs));
    assertEquals(filesIn(called.path), filesIn(ran.path));
  });
}
