import { assert, assertEquals } from "@std/assert";
import { decodePacket } from "@subunit/codec";
import { commandEnd, commandStart } from "./command_records.ts";
import { encodeRecord, MAX_RECORD_BYTES, readRecord } from "./record.ts";

const valueIn = (packet: Uint8Array) => readRecord(decodePacket(packet))!.value;

Deno.test("commandStart keeps a record short, whatever the words of a command", () => {
  const many = (count: number, word: string) => Array(count).fill(word);
  for (
    const words of [
      many(30_000, ""),
      many(8100, "\x01"),
      many(3000, "\u{1f600}"),
      many(9000, "\ud800"),
      ["x".repeat(100_000), "y"],
    ]
  ) {
    const { command, wordsLeftOut } = valueIn(commandStart(words)) as {
      command: string[];
      wordsLeftOut: number;
    };
    assertEquals(command.length + wordsLeftOut, words.length);
    assert(
      command.length < words.length && JSON.stringify(command).length < 9000,
    );
  }
  const { command, wordsLeftOut } = valueIn(commandStart(["make", "\x01é"]));
  assertEquals([command, wordsLeftOut], [["make", "\x01é"], undefined]);
});

Deno.test("commandEnd copies what the command has recorded, unless it is long", () => {
  const counts = {
    ...{ success: 1, uxsuccess: 0, skip: 0, fail: 0, xfail: 0 },
    ...{ lost: 0, damage: 0 },
  };
  const end = (suite: string, more: object) => {
    const inner = encodeRecord("end", { v: 1, scope: "full", suite, ...more });
    const status = { code: 1, signal: null };
    return valueIn(commandEnd(status, decodePacket(inner)));
  };
  const ended = { v: 1, of: "command", exit: 1, scope: "full" } as const;
  assertEquals(end("12345678", { counts }), {
    ...ended,
    ...{ suite: "12345678", counts },
  });
  const long = "x".repeat(MAX_RECORD_BYTES - 100);
  assertEquals<object>(end(long, {}), ended);
  const names = Array.from({ length: 5000 }, (_, i) => [`${i}`, i]);
  const wide = { counts: Object.fromEntries(names) };
  assertEquals<object>(end("1", wide), { ...ended, suite: "1" });
});
