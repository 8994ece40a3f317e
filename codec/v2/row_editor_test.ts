import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { type StatusEvent, TEST_STATUSES } from "../event.ts";
import { crc32 } from "./crc32.ts";
import { PacketDecoder } from "./decoder.ts";
import { PacketChange, PacketEditor } from "./editor.ts";
import { encodePacket } from "./encoder.ts";
import { CRC_BYTES, FLAG } from "./layout.ts";
import { RowEditor } from "./row_editor.ts";

const SEED = 20130814;

/** A number in so many octets, more than it may need. */
function number(value: number, octets: number): Uint8Array {
  const bytes = Array.from(
    { length: octets },
    (_, i) => value >>> 8 * (octets - 1 - i) & 0xff,
  );
  bytes[0] |= (octets - 1) << 6;
  return Uint8Array.from(bytes);
}

/** A packet whose numbers have two to four octets, with a newer writer's field. */
function loosePacket(
  event: StatusEvent,
  octets: number,
  newer: Uint8Array,
): Uint8Array {
  const bytes = (content: Uint8Array) =>
    concat([number(content.length, octets), content]);
  const text = (text: string) => bytes(new TextEncoder().encode(text));
  const { status, tags, fileName, timestamp: time } = event;
  const parts: [number, Uint8Array | undefined][] = [
    [
      FLAG.TIMESTAMP,
      time && concat([new Uint8Array(4), number(time.nanoseconds >> 16, 4)]),
    ],
    [FLAG.TEST_ID, event.testId === undefined ? undefined : text(event.testId)],
    [
      FLAG.TAGS,
      tags && concat([number(tags.length, octets), ...tags.map(text)]),
    ],
    [
      FLAG.MIME_TYPE,
      event.mimeType === undefined ? undefined : text(event.mimeType),
    ],
    [
      FLAG.FILE_CONTENT,
      fileName === undefined
        ? undefined
        : concat([text(fileName), bytes(event.fileBytes!)]),
    ],
    [
      FLAG.ROUTING_CODE,
      event.routeCode === undefined ? undefined : text(event.routeCode),
    ],
    [
      FLAG.PARENT,
      event.parentTestId === undefined ? undefined : text(event.parentTestId),
    ],
  ];
  let flags = 0x2000 | (event.runnable ? FLAG.RUNNABLE : 0) |
    (status === undefined ? 0 : TEST_STATUSES.indexOf(status) + 1);
  for (const [flag, field] of parts) if (field !== undefined) flags |= flag;
  const body = concat(parts.flatMap(([, field]) => field ?? []));
  const packet = concat([
    Uint8Array.of(0xb3, flags >> 8, flags & 0xff),
    number(6 + body.length + newer.length + CRC_BYTES, 3),
    body,
    newer,
    new Uint8Array(CRC_BYTES),
  ]);
  const view = new DataView(packet.buffer);
  const crcAt = packet.length - CRC_BYTES;
  view.setUint32(crcAt, crc32(view, 0, crcAt));
  return packet;
}

Deno.test(`RowEditor changes rows as PacketEditor changes packets (seed ${SEED})`, () => {
  const newer = fc.uint8Array({ maxLength: 10 });
  const packet = fc.oneof(
    arbitraryEvent.map(encodePacket),
    fc.tuple(arbitraryEvent, fc.integer({ min: 2, max: 4 }), newer)
      .map(([event, octets, newer]) => loosePacket(event, octets, newer)),
    fc.integer({ min: 3900, max: 4200 }).map((length) =>
      encodePacket({ testId: "x".repeat(length), runnable: true })
    ),
  );
  const fields = fc.oneof(
    arbitraryEvent.map(({ tags }) => ({ tags })),
    arbitraryEvent.map(({ routeCode }) => ({ routeCode })),
    arbitraryEvent.map(({ parentTestId }) => ({ parentTestId })),
    fc.integer({ min: 0, max: 5000 }).map((length) => ({
      routeCode: "r".repeat(length),
    })),
  );
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 30 }), fields, (all, fields) => {
      const plain = new PacketEditor();
      const expected: Uint8Array[] = [], found: Uint8Array[] = [];
      const editor = new RowEditor((packets) => found.push(packets.slice()));
      const change = new PacketChange(fields);
      let longest = 0;
      const decoder = new PacketDecoder();
      decoder.push(concat(all));
      decoder.drainRows((rows) => {
        for (let i = 0; i < rows.count; i++) {
          const edited = plain.edit(rows.packet(i), change).slice();
          expected.push(edited);
          const isDone = "tags" in fields
            ? editor.changeTags(rows, i, change)
            : "parentTestId" in fields
            ? editor.changeParent(rows, i, change)
            : editor.changeRoute(rows, i, change);
          if (isDone) {
            longest = Math.max(longest, edited.length);
            continue;
          }
          assert(edited.length > 4096);
          editor.flush();
          found.push(edited);
        }
      }, () => assert(false));
      editor.flush();
      assert(longest <= 4096);
      assertEquals(concat(found).toHex(), concat(expected).toHex());
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test("RowEditor writes when it has gathered 64 KiB", () => {
  const event = { testId: "a test", routeCode: "r", runnable: true };
  const bytes = encodePacket(event);
  const found: Uint8Array[] = [];
  const editor = new RowEditor((packets) => found.push(packets.slice()));
  const change = new PacketChange({ routeCode: "a label/r" });
  const decoder = new PacketDecoder();
  decoder.push(concat(Array(5000).fill(bytes)));
  decoder.drainRows((rows) => {
    for (let i = 0; i < rows.count; i++) {
      assert(editor.changeRoute(rows, i, change));
    }
  }, () => assert(false));
  editor.flush();
  assert(found.every(({ length }) => length <= 65536) && found.length >= 2);
  const edited = encodePacket({ ...event, routeCode: "a label/r" });
  assertEquals(concat(found).toHex(), edited.toHex().repeat(5000));
});
