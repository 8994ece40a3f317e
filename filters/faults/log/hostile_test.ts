import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket } from "@subunit/codec";
import { callTool } from "../../../tests/support/call.ts";
import { text } from "../../../tests/support/run.ts";
import { encodeValue, type Value } from "./cbor.ts";
import { encodeEvent } from "./event.ts";

/** An event whose content no writer of ours would write. */
function packet(fault: string, kind: string, content: Uint8Array): Uint8Array {
  return encodePacket({
    testId: fault,
    status: "fail",
    runnable: false,
    fileName: kind,
    fileBytes: content,
    eof: true,
  });
}

const HOSTILE = "\u001b]0;owned\u0007\u202e\r\n\u009b2J<script>";
// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/;
const LOST = "ab".repeat(16);

/** Logs that somebody made to do harm. */
const LOGS: Readonly<Record<string, Uint8Array>> = {
  "names and texts that control terminals": concat(
    ["title", "text", "comment", "same", "seen", HOSTILE].map((kind) =>
      encodeEvent({
        fault: `fault:${HOSTILE}`,
        kind,
        value: kind === "same" ? `fault:${HOSTILE}` : HOSTILE,
        author: HOSTILE,
        run: HOSTILE,
        tests: [HOSTILE],
        tags: [`+${HOSTILE}`],
        versions: new Map([[HOSTILE, HOSTILE]]),
      })
    ),
  ),
  "faults that are the same in a circle": concat(
    Array.from({ length: 500 }, (_, i) =>
      encodeEvent({
        fault: `fault:${i}`,
        kind: "same",
        value: `fault:${(i + 1) % 500}`,
      })),
  ),
  "numbers that are too large": concat([
    encodeEvent({
      fault: "fault:a",
      kind: "seen",
      count: Number.MAX_SAFE_INTEGER,
      value: Number.MAX_SAFE_INTEGER,
    }),
    encodeEvent({
      fault: "fault:a",
      kind: "seen",
      run: "2",
      count: Number.MAX_SAFE_INTEGER,
      value: Number.MAX_SAFE_INTEGER,
    }),
  ]),
  "supersedes and redactions of what is not there": concat(
    ["title", "redact", "seen", "tag"].map((kind) =>
      encodeEvent({
        fault: "fault:a",
        kind,
        value: "x",
        supersedes: Array(4).fill(LOST),
        redacts: [LOST],
        ends: ["state", "__proto__"],
      })
    ),
  ),
  "content that is nested, long or broken": concat([
    ...[
      "81".repeat(500) + "01",
      "9b00000fffffffffff",
      "5bffffffffffffffff",
      "a1",
      "bf",
      "d9d9f7a0",
      "f97e00",
      "a20a010a01",
    ]
      .map((hex) => packet("fault:a", "title", Uint8Array.fromHex(hex))),
    packet("fault:a", "text", encodeValue(Array(4096).fill("x") as Value)),
    packet("fault:a", "signature", encodeValue(new Map([[3, [1, 2, 3]]]))),
    packet(
      "fault:__proto__",
      "fact",
      encodeValue(new Map([[3, new Map([["__proto__", 1]])]])),
    ),
  ]),
  "a text of a megabyte, without words": encodeEvent({
    fault: "fault:a",
    kind: "title",
    value: "a\u0301".repeat(300_000),
  }),
};

for (const [what, log] of Object.entries(LOGS)) {
  Deno.test(`fault-log reads a log with ${what}`, async () => {
    const first = what.includes("terminals")
      ? HOSTILE
      : what.includes("circle")
      ? "7"
      : "a";
    for (
      const args of [
        ["query"],
        ["query", "--top=3", "--by=tests,rate", "--format=tsv"],
        ["query", "--format=json", "--where=title:a -tag:x"],
        ["show", "-", first],
        ["show", "-", first, "--json"],
        ["cat", "--where=state:fail"],
        ["merge", "-"],
      ]
    ) {
      const { status, stdout, stderr } = await callTool("fault-log", args, {
        stdin: log,
      });
      assertEquals(status, 0, `${args}: ${stderr}`);
      if (args[0] === "cat" || args[0] === "merge") continue;
      assert(
        !CONTROL.test(text(stdout)),
        args.join(" "),
      );
    }
  });
}

Deno.test("fault-log takes what many events cost, not more", async () => {
  const log = concat(
    Array.from(
      { length: 5000 },
      (_, i) =>
        encodeEvent({
          fault: `fault:${i}`,
          kind: "seen",
          run: "flood",
          count: 1,
        }),
    ),
  );
  const { stdout } = await callTool("fault-log", ["query", "--top=2"], {
    stdin: log,
  });
  assertEquals(text(stdout).split("\n").length, 3);
});
