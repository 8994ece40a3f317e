import { assert, assertEquals } from "@std/assert";
import { decodePacket, encodePacket, type Packet } from "@subunit/codec";
import { KEY_FILE } from "../fingerprint/fingerprint.ts";
import { HeldTexts, TEXT_BYTES } from "./held_texts.ts";

function packet(
  fileName: string,
  content: string | Uint8Array,
  mimeType?: string,
): Packet {
  const fileBytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  return decodePacket(
    encodePacket({
      testId: "t",
      runnable: true,
      fileName,
      fileBytes,
      mimeType,
    }),
  );
}

/** The texts of a test with these files. */
function textsOf(
  packets: readonly Packet[],
  owns: boolean,
): Record<string, string> {
  const texts = new HeldTexts(KEY_FILE);
  for (const each of packets) {
    texts.add(each);
    if (owns) texts.own();
  }
  const taken = texts.take(packets[0].testKey);
  assertEquals(texts.size, 0);
  return Object.fromEntries(taken.map(({ name, text }) => [name, text]));
}

Deno.test("HeldTexts joins the parts of texts, and leaves out other files", () => {
  const packets = [
    packet("log", "a\n"),
    packet("picture", "png", "image/png"),
    packet("core", Uint8Array.of(1, 0, 2)),
    packet("traceback", "T", "text/x-traceback;charset=utf8"),
    packet("log", "b\n"),
    packet("empty", ""),
  ];
  for (const owns of [false, true]) {
    assertEquals(textsOf(packets, owns), { log: "a\nb\n", traceback: "T" });
  }
});

Deno.test("HeldTexts keeps both ends of a long text", () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i}\n`);
  for (const size of [1, 7000, 60_000]) {
    const packets: Packet[] = [];
    for (let i = 0; i < lines.length; i += Math.max(size, 100)) {
      packets.push(
        packet("log", lines.slice(i, i + Math.max(size, 100)).join("")),
      );
    }
    for (const owns of [false, true]) {
      const { log } = textsOf(packets, owns);
      assertEquals(log.length, TEXT_BYTES + 1);
      assert(log.startsWith("line 0\nline 1\n"));
      assert(log.endsWith("line 59998\nline 59999\n"));
    }
  }
});

Deno.test("HeldTexts holds 256 KiB for a test, of the texts most likely to hold the reason", () => {
  const half = "x".repeat(TEXT_BYTES / 2);
  const packets = [
    packet("odd", half),
    packet("stdout", half),
    packet("traceback", `${half}\n`),
    packet("odd", "more"),
    packet("log", half),
    packet("fault-key", "key"),
  ];
  for (const owns of [false, true]) {
    const texts = textsOf(packets, owns);
    assertEquals(Object.keys(texts), ["traceback", "fault-key"]);
  }
});

Deno.test("HeldTexts decodes what is not UTF-8 too", () => {
  assertEquals(
    textsOf([packet("log", Uint8Array.of(0x61, 0xff, 0xc3, 0xa9))], false),
    { log: "a\ufffdé" },
  );
});
