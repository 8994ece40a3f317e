import { assert, assertEquals } from "@std/assert";
import { eventFromJson } from "@subunit/codec";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { text } from "../support/run.ts";
import {
  damaged,
  equalBytes,
  noisyStream,
  sample,
  stream,
} from "../support/streams.ts";
import { JSON_EVENTS as EVENTS, LINES } from "../support/records.ts";

const SEED = 20260131;

test("subunit2json writes an event a line", async () => {
  const stdout = await outputOfCall("subunit2json", [], { stdin: EVENTS });
  assertEquals(text(stdout), LINES);
});

test("subunit2json makes events of text and damage", async () => {
  const { status, stdout, stderr } = await callTool("subunit2json", [], {
    stdin: stream(
      "building\n",
      { testId: "a", status: "success" },
      Uint8Array.of(0xff, 0x0a),
      damaged({ testId: "b", status: "success" }),
      { testId: "c", status: "success" },
    ),
  });
  const reason =
    "Cannot decode packet 1 at byte 21: stored CRC-32 is 0x44c896ff, computed 0x44c89600";
  assertEquals(
    text(stdout),
    `{"runnable":true,"file_name":"stdout","file_text":"building\\n"}
{"test_id":"a","test_status":"success","runnable":true}
{"runnable":true,"file_name":"stdout","file_base64":"/wo="}
{"test_id":"subunit.parser","runnable":true,"file_name":"Packet data","file_base64":"sykDCgFiRMiW/w==","eof":true,"mime_type":"application/octet-stream"}
{"test_id":"subunit.parser","test_status":"fail","runnable":true,"file_name":"Parser Error","file_text":"${reason}","eof":true,"mime_type":"text/plain;charset=utf8"}
{"test_id":"c","test_status":"success","runnable":true}
`,
  );
  assertEquals(
    stderr,
    `subunit2json: ${reason} (10 bytes are damaged)\n`,
  );
  assertEquals(status, 0);
});

for (
  const [what, input, status] of [
    ["a good stream", stream({ testId: "a", status: "success" }), 0],
    ["a failure", stream({ testId: "a", status: "fail" }), 1],
    ["an unexpected success", stream({ testId: "a", status: "uxsuccess" }), 1],
    ["a lost test", stream({ testId: "a", status: "inprogress" }), 1],
    ["damage", damaged({ testId: "a", status: "success" }), 1],
  ] as const
) {
  test(`subunit2json --exit-status exits ${status} for ${what}, without it 0`, async () => {
    const judged = await callTool("subunit2json", ["--exit-status"], {
      stdin: input,
    });
    assertEquals(judged.status, status);
    const passed = await callTool("subunit2json", [], { stdin: input });
    assertEquals(passed.status, 0);
    assertEquals(passed.stdout, judged.stdout);
  });
}

test(`subunit2json writes every byte of any stream (seed ${SEED})`, async () => {
  const input = stream(...sample(noisyStream, 20, SEED));
  const { status, stdout } = await callTool("subunit2json", [], {
    stdin: input,
  });
  assertEquals(status, 0);
  const events = text(stdout).trimEnd().split("\n").map(eventFromJson);
  const output = stream(...events.map((event) => {
    const isForeign = event.testId === undefined && event.fileName === "stdout";
    const isDamage = event.testId === "subunit.parser";
    if (!isForeign && !isDamage) return event;
    return event.fileName === "Parser Error" ? "" : event.fileBytes!;
  }));
  assert(equalBytes(output, input));
});
