import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket, PacketDecoder } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { TempDir } from "../../../tests/support/run.ts";
import { appendEvents } from "./append.ts";
import { encodeEvent, type EventFields, eventId } from "./event.ts";

function comment(value: string, more: Partial<EventFields> = {}): Uint8Array {
  return encodeEvent({ fault: "fault:a", kind: "comment", value, ...more });
}

/** The sound packets in a log. */
function packetsIn(path: string): string[] {
  const decoder = new PacketDecoder();
  decoder.push(Deno.readFileSync(path));
  decoder.end();
  const packets: string[] = [];
  decoder.drain((item) => {
    if (item.kind === "packet") packets.push(item.bytes.toHex());
  });
  return packets;
}

const ONE = comment("one"), TWO = comment("two"), THREE = comment("three");

Deno.test("appendEvents appends what the log does not have, once", () => {
  using dir = new TempDir();
  const path = `${dir.path}/log`;
  assertEquals(appendEvents(path, [ONE, TWO, ONE]), {
    added: 2,
    known: 1,
    redacted: 0,
  });
  assertEquals(appendEvents(path, [TWO, THREE], { sync: true }), {
    added: 1,
    known: 1,
    redacted: 0,
  });
  assertEquals(appendEvents(path, [ONE]).added, 0);
  assertEquals(appendEvents(path, []).added, 0);
  assertEquals(Deno.readFileSync(path), concat([ONE, TWO, THREE]));
});

Deno.test("appendEvents leaves out what was redacted", () => {
  using dir = new TempDir();
  const path = `${dir.path}/log`;
  const redact = comment("private", {
    kind: "redact",
    redacts: [eventId(ONE), eventId(TWO)],
  });
  appendEvents(path, [redact]);
  assertEquals(appendEvents(path, [ONE, THREE]).redacted, 1);
  const undo = comment("", { kind: "redact", redacts: [eventId(redact)] });
  assertEquals(appendEvents(path, [undo]).added, 1);
  // A redaction is about its own fault, and nothing can take it back.
  const other = comment("two", { fault: "fault:b" });
  const foreign = comment("", { kind: "redact", redacts: [eventId(other)] });
  assertEquals(appendEvents(path, [foreign, other]).added, 2);
  assertEquals(appendEvents(path, [redact]).known, 1);
});

Deno.test("appendEvents appends behind a torn event and behind text", () => {
  using dir = new TempDir();
  for (let length = 0; length <= TWO.length; length++) {
    const torn = concat([ONE, TWO.subarray(0, length)]);
    const path = dir.file("log", torn);
    appendEvents(path, [ONE, TWO, THREE]);
    const isWhole = length === TWO.length;
    assertEquals(
      Deno.readFileSync(path),
      concat(isWhole ? [torn, THREE] : [torn, TWO, THREE]),
    );
    assertEquals(packetsIn(path), [ONE, TWO, THREE].map((p) => p.toHex()));
  }
  const words = new TextEncoder().encode("text\n");
  const path = dir.file("log", concat([words, THREE, words]));
  appendEvents(path, [ONE]);
  assertEquals(packetsIn(path), [THREE.toHex(), ONE.toHex()]);
  // Nothing but the beginning of the first one.
  for (let length = 0; length < ONE.length; length++) {
    const path = dir.file("log", ONE.subarray(0, length));
    appendEvents(path, [ONE]);
    assertEquals(packetsIn(path), [ONE.toHex()]);
  }
});

Deno.test("appendEvents names the file that it cannot append to", () => {
  using dir = new TempDir();
  assertThrows(
    () => appendEvents(dir.path, [ONE]),
    ToolError,
    `Cannot append to "${dir.path}"`,
  );
});

Deno.test("appendEvents refuses a file that is not a log, and leaves it alone", () => {
  using dir = new TempDir();
  const result = encodePacket({ testId: "a test", status: "fail" });
  for (
    const [name, content] of Object.entries({
      "notes.txt": "what I wrote\n",
      "report.xml": '<?xml version="1.0"?>\n<testsuite name="s"/>\n',
      "run.subunit": result,
      "cut.subunit": concat([result, result.subarray(0, 9)]),
      "empty.bin": new Uint8Array(3),
    })
  ) {
    const path = dir.file(name, content);
    const before = Deno.readFileSync(path);
    const error = assertThrows(() => appendEvents(path, [ONE]), ToolError);
    assertMatch(error.message, /is not a fault log.* nothing was written$/);
    assertEquals(Deno.readFileSync(path), before, name);
  }
  // A log with other things in it is one.
  const words = new TextEncoder().encode("words\n");
  const log = dir.file("log", concat([result, ONE, words, ONE.subarray(0, 9)]));
  assertEquals(appendEvents(log, [TWO]).added, 1);
});
