import { assert, assertEquals } from "@std/assert";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { TempDir } from "../support/run.ts";
import { damaged, equalBytes, stream } from "../support/streams.ts";

import { CBOR_EVENTS as EVENTS, SEQUENCE } from "../support/records.ts";
test("subunit2cbor writes an event an item, byte strings as such", async () => {
  const stdout = await outputOfCall("subunit2cbor", [], { stdin: EVENTS });
  assertEquals(stdout.toHex(), SEQUENCE.toHex());
});

test("subunit2cbor passes the stream on, the sequence beside it", async () => {
  using dir = new TempDir();
  const input = stream("text\n", { testId: "a", status: "fail" });
  const path = `${dir.path}/run.cbor`;
  const { stdout, status } = await callTool("subunit2cbor", [
    "-f",
    "--exit-status",
    "-o",
    path,
  ], { stdin: input });
  assert(equalBytes(stdout, input));
  assertEquals(status, 1);
  const plain = await callTool("subunit2cbor", [], { stdin: input });
  assertEquals(Deno.readFileSync(path), plain.stdout);
  const wrong = await callTool("subunit2cbor", ["-f"], { stdin: input });
  assertEquals([wrong.status, wrong.stdout.length], [2, 0]);
});

test("subunit2cbor makes events of text and damage, as subunit2json", async () => {
  const input = stream("text", damaged({ testId: "a" }), { testId: "b" });
  const cbor = await callTool("subunit2cbor", [], { stdin: input });
  const json = await callTool("subunit2json", [], { stdin: input });
  const byCbor = await callTool("cbor2subunit", [], { stdin: cbor.stdout });
  const byJson = await callTool("json2subunit", [], { stdin: json.stdout });
  assertEquals(byCbor.stdout.toHex(), byJson.stdout.toHex());
  const { status } = await callTool("subunit2cbor", ["--exit-status"], {
    stdin: input,
  });
  assertEquals(status, 1);
});
