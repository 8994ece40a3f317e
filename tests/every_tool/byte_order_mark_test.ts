/** What PowerShell and editors on Windows write: byte order marks, UTF-16. */

import { assertEquals } from "@std/assert";
import { eventToJson, type StatusEvent } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { callTool, test } from "../support/call.ts";
import { TempDir } from "../support/run.ts";
import { eventsIn, stream } from "../support/streams.ts";

/** Text as PowerShell 5 (`>`) and PowerShell 7 (`-Encoding utf8BOM`) write it. */
function encodings(text: string): Uint8Array[] {
  const utf16 = (littleEndian: boolean) => {
    const marked = "\ufeff" + text.replaceAll("\n", "\r\n");
    const view = new DataView(new ArrayBuffer(2 * marked.length));
    for (let i = 0; i < marked.length; i++) {
      view.setUint16(2 * i, marked.charCodeAt(i), littleEndian);
    }
    return new Uint8Array(view.buffer);
  };
  return [stream("\ufeff" + text), utf16(true), utf16(false)];
}

/** The input of each converter: the test "тест ³" fails. */
const INPUTS: readonly [converter: string, text: string][] = [
  ["tap2subunit", "TAP version 13\n1..1\nnot ok 1 - тест ³\n"],
  [
    "gojson2subunit",
    `{"Action":"run","Package":"p","Test":"тест ³"}
{"Action":"fail","Package":"p","Test":"тест ³"}
`,
  ],
  ["subunit-1to2", "test: тест ³\nfailure: тест ³\n"],
  [
    "json2subunit",
    eventToJson({ testId: "тест ³", status: "fail", runnable: true }) + "\n",
  ],
];

/** The events of tests, without the times of the conversion. */
function facts(bytes: Uint8Array): Partial<StatusEvent>[] {
  return eventsIn(bytes).map(({ timestamp: _, ...event }) => event);
}

for (const [converter, text] of INPUTS) {
  test(`${converter} reads UTF-16 and byte order marks, from files too`, async () => {
    using dir = new TempDir();
    const plain = await callTool(converter, [], { stdin: text });
    const expected = facts(plain.stdout);
    assertEquals(expected.at(-1)!.status, "fail");
    for (const [i, stdin] of encodings(text).entries()) {
      const piped = await callTool(converter, [], { stdin });
      assertEquals(piped.stderr, "");
      assertEquals(facts(piped.stdout), expected);
      const read = await callTool(converter, [dir.file(`${i}`, stdin)]);
      assertEquals(facts(read.stdout), expected);
    }
  });
}

test("subunit-1to2 passes on packets behind bytes of a mark", async () => {
  const packets = stream({ testId: "a", status: "success" });
  for (const mark of [[0xff, 0xfe], [0xfe, 0xff]]) {
    const stdin = concat([Uint8Array.from(mark), packets]);
    const { stdout } = await callTool("subunit-1to2", [], { stdin });
    assertEquals(stdout, stdin);
  }
});
