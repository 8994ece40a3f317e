import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { eventFromJson, eventToJson, jsonFault } from "./json.ts";
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
    [`{"test_id":{"a":1}}`, "test_id is an object, expected a string"],
    [`{"test_tags":1e400}`, "test_tags is Infinity, expected an array"],
    [
      `{"test_id":"a","runnable":"${"x".repeat(1000)}"}`,
      `runnable is "${"x".repeat(79)}…, expected true or false`,
    ],
    [`{`, "expected a key in quotes at the end of the line"],
    [``, "expected a value at the end of the line"],
    [`{"test_id":"a",5}`, 'expected a key in quotes at character 16, not "5"'],
    [`{"test_id":"a",}`, 'expected a key in quotes at character 16, not "}"'],
    [`{"test_id" "a"}`, 'expected ":" at character 12, not "\\""'],
    [`{"test_id":}`, 'expected a value at character 12, not "}"'],
    [`{"a":1 "b":2}`, 'expected "," or "}" at character 8, not "\\""'],
    [`[1,2`, 'expected "," or "]" at the end of the line'],
    [`{"test_id":"a`, "expected the rest of a string at the end of the line"],
    [`{"a":"\t"}`, 'expected the rest of a string at character 7, not "\\t"'],
    [`{"a":"\\x"}`, 'expected an escape at character 7, not "\\\\"'],
    [`{"a":'b'}`, `expected a value at character 6, not "'"`],
    [`{} {}`, 'expected the end at character 4, not "{"'],
    ["[".repeat(1_000_000), "expected a value at the end of the line"],
    [
      `{"test_id":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`,
      "test_id is an array, expected a string",
    ],
  ];
  for (const [json, message] of cases) {
    assertThrows(() => eventFromJson(json), Error, message, json);
  }
});

Deno.test(`jsonFault finds a fault where JSON.parse does (seed ${SEED})`, () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const characters = [...'{}[]",:\\\\ \n0123-+.eEtrufalsn\u00a0é'];
  const anyText = fc.oneof(
    fc.array(fc.constantFrom(...characters), { maxLength: 12 })
      .map((all) => all.join("")),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...characters, ""))
      .map(([json, at, character]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + character + json.slice(cut + at % 2);
      }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const { expected, at } = jsonFault(text);
      assertEquals(expected === "the end" && at === text.length, isJson(text));
      // What is in front of the fault can be the beginning of JSON.
      const begins = (rest: string) => isJson(text.slice(0, at) + rest);
      if (expected === "the end") assert(begins(""), text);
    }),
    { seed: SEED, numRuns: 3000 },
  );
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
