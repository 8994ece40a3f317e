import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryText } from "../_testing/arbitrary.ts";
import { TEST_STATUSES } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { V1Event } from "./event.ts";
import { V1PacketEncoder } from "./packets.ts";

const anyText = fc.oneof(
  arbitraryText(),
  fc.constantFrom(62, 63, 64, 4000, 9000, 16384, 70_000)
    .map((length) => "x".repeat(length)),
).map((text) => text.replaceAll("\0", ""));

const anyEvent = fc.record({
  id: anyText,
  status: fc.option(fc.constantFrom(...TEST_STATUSES), { nil: undefined }),
  tags: fc.option(fc.array(anyText, { maxLength: 3 }), { nil: undefined }),
  routeCode: fc.option(anyText, { nil: undefined }),
  timestamp: fc.option(
    fc.record({
      seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      nanoseconds: fc.constantFrom(0, 63, 64, 16384, 4194304, 999_999_999),
    }),
    { nil: undefined },
  ),
  file: fc.option(
    fc.record({
      name: anyText,
      mimeType: anyText,
      bytes: fc.uint8Array(),
      eof: fc.boolean(),
    }),
    { nil: undefined },
  ),
}).map(({ id, status, tags, routeCode, timestamp, file }) => {
  const bytes = new TextEncoder().encode(id);
  // The id is at the beginning of its memory.
  const source = concat([bytes, Uint8Array.of(0x21, 0x21)]);
  return new V1Event(
    source,
    new DataView(source.buffer),
    bytes.length,
    status,
    tags,
    routeCode,
    timestamp,
    file,
  );
});

Deno.test("V1PacketEncoder writes what encodePacket does, seed 8", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 8 }), (events) => {
      const written: Uint8Array[] = [];
      const encoder = new V1PacketEncoder((packets) =>
        written.push(packets.slice())
      );
      for (const event of [...events, ...events]) encoder.add(event);
      encoder.flush();
      assertEquals(
        concat(written),
        concat([...events, ...events].map((event) => encodePacket(event))),
      );
    }),
    { seed: 8, numRuns: 500 },
  );
});

Deno.test("V1PacketEncoder emits many packets at a time", () => {
  const runs: number[] = [];
  const encoder = new V1PacketEncoder(({ length }) => runs.push(length));
  const source = new TextEncoder().encode("package.test");
  const event = new V1Event(
    source,
    new DataView(source.buffer),
    source.length,
    "success",
    undefined,
    undefined,
    undefined,
    undefined,
  );
  const { length } = encodePacket(event);
  for (let i = 0; i < 5000; i++) encoder.add(event);
  encoder.flush();
  encoder.flush();
  assertEquals(runs, [65520, 5000 * length - 65520]);
});
