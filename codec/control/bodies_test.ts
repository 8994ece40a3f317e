import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { arbitraryText } from "../_testing/arbitrary.ts";
import { idsBody, idsIn, isReadable, readReply, replyBody } from "./bodies.ts";

const SEED = 20260716;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("idsBody and idsIn separate ids by line feeds, or by NUL", () => {
  const cases: [ids: string[], body: string][] = [
    [[], ""],
    [["a.t", "b.t"], "a.t\nb.t\n"],
    [["a\nb", "c"], "a\nb\0c\0"],
    [["\ufeffa", "г"], "\ufeffa\nг\n"],
  ];
  for (const [ids, body] of cases) {
    assertEquals(
      new TextDecoder("utf-8", { ignoreBOM: true })
        .decode(idsBody(ids)),
      body,
    );
    assertEquals(idsIn(idsBody(ids)), ids);
  }
  // As they may be typed.
  assertEquals(idsIn(bytes("a\nb")), ["a", "b"]);
  assertEquals(idsIn(bytes("\na\n\n")), ["a"]);
  assertEquals(idsIn(bytes("a\n\0b\0")), ["a\n", "b"]);
  assertThrows(() => idsBody(["a\0"]), RangeError, "NUL");
  assertThrows(() => idsIn(Uint8Array.of(0xff)), RangeError, "UTF-8");
});

Deno.test(`idsIn undoes idsBody (seed ${SEED})`, () => {
  const id = arbitraryText({ minLength: 1 })
    .map((text) => text.replaceAll("\0", "0"));
  fc.assert(
    fc.property(fc.array(id), (ids) => {
      assertEquals(idsIn(idsBody(ids)), ids);
    }),
    { seed: SEED },
  );
});

Deno.test("readReply reads what replyBody writes, and keeps unknown keys", () => {
  const ready = { protocol: 1, engine: "deno", can: ["list"], pid: 7, new: 1 };
  const body = bytes(replyBody("ready", ready));
  assertEquals(readReply("ready", { word: "ready", body }), ready);
  assertEquals(readReply("done", { word: "ready", body }), undefined);
});

Deno.test("readReply refuses what no server writes", () => {
  const bodies = [
    "",
    "null",
    "[]",
    "7",
    "{",
    "{}",
    '{"ran":"2","unrun":[]}',
    '{"ran":2,"unrun":[1]}',
    '{"ran":2.5,"unrun":[]}',
    '{"ran":2,"unrun":[],"req":1}',
  ];
  for (const body of bodies) {
    const message = { word: "done", body: bytes(body) };
    assertEquals(readReply("done", message), undefined, body);
    assertEquals(isReadable(message), false, body);
    // These have no JSON.
    for (const word of ["pong", "run", "toString", "__proto__"]) {
      assertEquals(isReadable({ ...message, word }), true, word);
    }
  }
  const message = { word: "done", body: bytes('{"ran":2,"unrun":["a"]}') };
  assertEquals(readReply("done", message), { ran: 2, unrun: ["a"] });
  assertEquals(isReadable(message), true);
  const absent = bytes('{"req":null,"ran":2,"unrun":["a"],"more":null}');
  assertEquals(
    readReply("done", { word: "done", body: absent }),
    { ran: 2, unrun: ["a"], more: null } as unknown,
  );
  const needed = { word: "done", body: bytes('{"ran":null,"unrun":[]}') };
  assertEquals(readReply("done", needed), undefined);
  const invalid = { word: "ask", body: Uint8Array.of(0x7b, 0xff, 0x7d) };
  assertEquals(readReply("ask", invalid), undefined);
});
