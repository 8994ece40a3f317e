import { assertEquals } from "@std/assert";
import { decodePacket, encodePacket } from "@subunit/codec";
import { packetWriter, type PlainEvent } from "./packet_writer.ts";

Deno.test("packetWriter writes what the codec writes", () => {
  const write = packetWriter("nonce");
  const utf8 = new TextEncoder();
  const events: PlainEvent[] = [
    {},
    { testId: "a::b", status: "inprogress", time: 1_700_000_000_000 },
    { testId: "гΔ", status: "fail", tags: ["lost", "x"], runnable: false },
    { testId: "a > b", parentTestId: "a", status: "xfail" },
    ...[0, 30, 63, 64, 16_300, 16_383, 16_384, 200_000].map((length) => ({
      testId: "a",
      fileName: "traceback",
      mimeType: "text/plain",
      text: "x".repeat(length),
    })),
    ...Array.from(
      { length: 80 },
      (_, length) => ({ testId: "i".repeat(length) }),
    ),
  ];
  for (const event of events) {
    const { text, time, ...fields } = event;
    const isFile = event.fileName !== undefined;
    assertEquals(
      write(event),
      encodePacket({
        ...fields,
        routeCode: "nonce",
        ...(isFile ? { fileBytes: utf8.encode(text), eof: true } : {}),
        ...(time === undefined ? {} : { timestamp: new Date(time) }),
      }),
      JSON.stringify(event).slice(0, 100),
    );
  }
});

Deno.test("packetWriter writes a packet of anything", () => {
  const write = packetWriter("n");
  const packet = decodePacket(write({ testId: "a\0\ud800" }));
  assertEquals(packet.testId, "a\ufffd\ufffd");
  const long = write({ testId: "a", fileName: "x", text: "x".repeat(5e6) });
  assertEquals(decodePacket(long).fileBytes!.length, 3_500_000);
});
