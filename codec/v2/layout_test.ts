import { assertEquals } from "@std/assert";
import { FLAG, SMALLEST_PACKET } from "./layout.ts";

Deno.test("SMALLEST_PACKET adds up the fields of the flags", () => {
  const { TIMESTAMP, TEST_ID, TAGS, MIME_TYPE, FILE_CONTENT } = FLAG;
  const { ROUTING_CODE, PARENT, RUNNABLE, EOF, STATUS } = FLAG;
  const cases: [flags: number, bytes: number][] = [
    [0, 7],
    [RUNNABLE | EOF | STATUS, 7],
    [TIMESTAMP, 12],
    [TEST_ID, 8],
    [TAGS, 8],
    [MIME_TYPE, 8],
    [FILE_CONTENT, 9],
    [ROUTING_CODE, 8],
    [PARENT, 8],
    [0xfff, 19],
  ];
  for (const [flags, bytes] of cases) {
    assertEquals(SMALLEST_PACKET[flags], bytes, flags.toString(16));
  }
});
