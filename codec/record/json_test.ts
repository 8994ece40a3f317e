import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { eventFromJson, eventToJson } from "./json.ts";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { GOOD } from "../_testing/vectors.ts";
import { PacketDecoder } from "../v2/decoder.ts";
import { encodePacket } from "../v2/encoder.ts";
import { itemEvents } from "../v2/item_events.ts";

const SEED = 20130814;

Deno.test("eventToJson writes the keys of the fields that are present", () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const cases: [event: StatusEvent, json: string][] = [
    [{ runnable: false }, `{"runnable":false}`],
    [
      {
        testId: "t",
        status: "xfail",
        tags: ["b", "a"],
        runnable: true,
        fileName: "f",
        fileBytes: utf8("\ufeffé\0"),
        eof: true,
        mimeType: "text/plain",
        routeCode: "0/1",
        timestamp: { seconds: 1, nanoseconds: 500 },
        parentTestId: "p",
      },
      `{"test_id":"t","test_status":"xfail","test_tags":["b","a"],"runnable":true,` +
      `"file_name":"f","file_text":"\ufeffé\\u0000","eof":true,"mime_type":"text/plain",` +
      `"route_code":"0/1","timestamp":"1970-01-01T00:00:01.0000005Z","parent_test_id":"p"}`,
    ],
    [
      { runnable: true, fileName: "", fileBytes: Uint8Array.of(0xff, 0xb3) },
      `{"runnable":true,"file_name":"","file_base64":"/7M="}`,
    ],
    [
      { runnable: true, fileName: "f", fileBytes: utf8(""), eof: false },
      `{"runnable":true,"file_name":"f","file_text":""}`,
    ],
  ];
  for (const [event, json] of cases) assertEquals(eventToJson(event), json);
});

Deno.test(`eventFromJson undoes eventToJson, to the byte of the packet (seed ${SEED})`, () => {
  fc.assert(
    fc.property(arbitraryEvent, (event) => {
      assertEquals(
        encodePacket(eventFromJson(eventToJson(event))).toHex(),
        encodePacket(event).toHex(),
      );
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("eventFromJson makes tests runnable by default", () => {
  assertEquals(eventFromJson(`{"test_id":"t"}`), {
    testId: "t",
    runnable: true,
  });
});

Deno.test("eventFromJson refuses anything but events, and reports why", () => {
  const cases: [json: string, message: string][] = [
    [`[]`, "expected an object"],
    [`null`, "expected an object"],
    [`{"test":"t"}`, `unknown key "test"`],
    [`{"toString":"t"}`, `unknown key "toString"`],
    [`{"__proto__":"t"}`, `unknown key "__proto__"`],
    [`{"test_id":1}`, "test_id is 1, expected a string"],
    [`{"test_id":"\\ud800"}`, "expected a string of whole characters"],
    [`{"test_status":"ok"}`, `test_status is "ok", expected one of exists`],
    [`{"test_tags":"a"}`, "expected an array of strings"],
    [`{"runnable":1}`, "expected true or false"],
    [`{"file_name":"f"}`, "go together"],
    [`{"file_text":"x"}`, "go together"],
    [`{"file_name":"f","file_text":"x","file_base64":""}`, "both"],
    [`{"file_name":"f","file_base64":"*"}`, "expected base64"],
    [`{"timestamp":"now"}`, "expected RFC 3339"],
    [`{`, "JSON"],
  ];
  for (const [json, message] of cases) {
    assertThrows(() => eventFromJson(json), Error, message, json);
  }
});

Deno.test("itemEvents makes text a file and damage a failed test", () => {
  const decoder = new PacketDecoder();
  decoder.push(Uint8Array.fromHex("61620a" + GOOD + "b33901"));
  decoder.end();
  const lines: string[] = [];
  decoder.drain((item) => {
    lines.push(...itemEvents(item).map(eventToJson));
  });
  assertEquals(lines, [
    `{"runnable":true,"file_name":"stdout","file_text":"ab\\n"}`,
    `{"test_id":"foo","test_status":"exists","runnable":true}`,
    `{"test_id":"subunit.parser","runnable":true,"file_name":"Packet data","file_base64":"sw==","eof":true,"mime_type":"application/octet-stream"}`,
    `{"test_id":"subunit.parser","test_status":"fail","runnable":true,"file_name":"Parser Error","file_text":"Cannot decode packet 1 at byte 15: version is 3, expected 2","eof":true,"mime_type":"text/plain;charset=utf8"}`,
    `{"runnable":true,"file_name":"stdout","file_text":"9\\u0001"}`,
  ]);
});
