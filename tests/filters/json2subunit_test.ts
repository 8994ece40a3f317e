import { assert, assertEquals } from "@std/assert";
import { encodePacket } from "@subunit/codec";
import fc from "fast-check";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { text } from "../support/run.ts";
import {
  anyEvent,
  anyText,
  at,
  equalBytes,
  eventsIn,
  sample,
  stream,
} from "../support/streams.ts";
import { JSON_EVENTS as EVENTS, LINES } from "../support/records.ts";

const SEED = 20260131;

test("json2subunit writes a packet a line", async () => {
  const stdout = await outputOfCall("json2subunit", [], { stdin: LINES });
  assertEquals(stdout, EVENTS);
});

/** A stream by way of JSON; no tool may have a message. */
async function thereAndBack(stdin: Uint8Array): Promise<Uint8Array> {
  const json = await outputOfCall("subunit2json", [], { stdin });
  return await outputOfCall("json2subunit", [], { stdin: json });
}

test(`json2subunit is the inverse of subunit2json (seed ${SEED})`, async () => {
  const events = sample(anyEvent(), 2000, SEED);
  const input = stream(...events);
  const stdout = await thereAndBack(input);
  assert(equalBytes(stdout, input));
});

test("json2subunit is the inverse for the largest packet", async () => {
  const empty = encodePacket({
    testId: "a",
    runnable: true,
    fileName: "log",
    fileBytes: new Uint8Array(20000),
  });
  const input = stream({
    testId: "a",
    fileName: "log",
    // The content's length takes one octet more, like the packet's.
    fileBytes: new Uint8Array(4194303 - (empty.length - 20000)).fill(0xb3),
  });
  assertEquals(input.length, 4194303);
  assert(equalBytes(await thereAndBack(input), input));
});

test("json2subunit splits an attachment that fits in no packet", async () => {
  const content = "x".repeat(5_000_000);
  const { status, stdout } = await callTool("json2subunit", [], {
    stdin: JSON.stringify({
      test_id: "a",
      test_status: "fail",
      file_name: "log",
      file_text: content,
      eof: true,
    }),
  });
  assertEquals(status, 0);
  const packets = eventsIn(stdout);
  assertEquals(
    packets.map(({ fileBytes: _, ...event }) => event),
    [
      { testId: "a", runnable: true, fileName: "log" },
      {
        testId: "a",
        status: "fail",
        runnable: true,
        fileName: "log",
        eof: true,
      },
    ],
  );
  assert(
    packets.map(({ fileBytes }) => text(fileBytes!)).join("") === content,
  );
});

test("json2subunit takes runnable as true where it is left out", async () => {
  const { stdout } = await callTool("json2subunit", [], {
    stdin: '{"test_id":"a","test_status":"success"}',
  });
  assertEquals(stdout, stream({ testId: "a", status: "success" }));
});

test("json2subunit takes any order of keys, spaces, CRLF and blank lines", async () => {
  const stdout = await outputOfCall("json2subunit", [], {
    stdin:
      '\r\n { "test_status" : "success",\t"test_id" : "\\u0061" } \r\n\n  \n{"eof":false}',
  });
  assertEquals(stdout, stream({ testId: "a", status: "success" }, {}));
});

test("json2subunit takes a time with any zone", async () => {
  const { stdout } = await callTool("json2subunit", [], {
    stdin: '{"timestamp":"2026-01-31T13:30:00.5+01:30"}',
  });
  assertEquals(stdout, stream({ timestamp: at("12:00:00.5") }));
});

const badLines: [string, string | Uint8Array, string][] = [
  ["no JSON", "}", "not JSON: expected a value at character 1"],
  ["half a line", '{"test_id":"a"', "JSON"],
  ["an array", "[1]", "expected an object"],
  ["null", "null", "expected an object"],
  ["a string", '"a"', "expected an object"],
  ["an unknown key", '{"test":"a"}', 'unknown key "test"'],
  ["an inherited key", '{"toString":"a"}', 'unknown key "toString"'],
  ["a prototype", '{"__proto__":{}}', 'unknown key "__proto__"'],
  ["a status we do not know", '{"test_status":"ok"}', 'test_status is "ok"'],
  ["a status null", '{"test_status":null}', "test_status is null"],
  ["an id that is a number", '{"test_id":1}', "test_id is 1"],
  ["tags that are no list", '{"test_tags":"a"}', 'test_tags is "a"'],
  ["a tag that is no string", '{"test_tags":["a",1]}', "test_tags is 1"],
  ["runnable that is a string", '{"runnable":"no"}', 'runnable is "no"'],
  ["a file without content", '{"file_name":"a"}', "file_name and"],
  ["content without a file", '{"file_text":"a"}', "file_name and"],
  [
    "text and base64",
    '{"file_name":"a","file_text":"a","file_base64":""}',
    "both file_text and file_base64",
  ],
  ["bad base64", '{"file_name":"a","file_base64":"*"}', 'file_base64 is "*"'],
  ["a time without zone", '{"timestamp":"2026-01-31T12:00:00"}', "RFC 3339"],
  ["no real day", '{"timestamp":"2026-02-29T12:00:00Z"}', "RFC 3339"],
  ["a time before 1970", '{"timestamp":"1969-12-31T23:59:59Z"}', "from 1970"],
  ["a time after 2106", '{"timestamp":"2106-02-07T06:28:16Z"}', "to 2106"],
  ["a NUL in the id", '{"test_id":"a\\u0000"}', "NUL"],
  ["a NUL in a tag", '{"test_tags":["\\u0000"]}', "NUL"],
  ["half a surrogate pair", '{"test_id":"\\ud800"}', "whole characters"],
  ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "not UTF-8"],
];

test("json2subunit names bad lines, writes nothing for them and all others", async () => {
  const good = (index: number) => ({
    testId: `good ${index}`,
    status: "success" as const,
  });
  const { status, stdout, stderr } = await callTool("json2subunit", [], {
    stdin: stream(...badLines.flatMap(([, bad], index) => [
      `{"test_id":"good ${index}","test_status":"success"}\n`,
      bad,
      "\n",
    ])),
  });
  assertEquals(
    eventsIn(stdout),
    eventsIn(stream(...badLines.map((_, index) => good(index)))),
  );
  const words = stderr.trimEnd().split("\n");
  for (const [index, [what, , reason]] of badLines.entries()) {
    const message = words[index];
    assert(
      message.startsWith(`json2subunit: Line ${2 * index + 2}: `) &&
        message.includes(reason),
      `for ${what}: ${message}`,
    );
  }
  assertEquals(words.slice(badLines.length), [
    `json2subunit: ${badLines.length} of ${
      2 * badLines.length
    } lines are not events: left out`,
  ]);
  assertEquals(status, 2);
});

test(`json2subunit reads any JSON or names its line (seed ${SEED})`, async () => {
  const values = sample(
    fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom(
          "test_id",
          "test_tags",
          "eof",
          "file_text",
          "timestamp",
        ),
        fc.oneof(fc.jsonValue(), anyText),
      ),
    ),
    500,
    SEED,
  );
  const { status, stdout, stderr } = await callTool("json2subunit", [], {
    stdin: values.map((value) => JSON.stringify(value) + "\n").join(""),
  });
  const words = stderr.trimEnd().split("\n");
  assertEquals(words.length - 1 + eventsIn(stdout).length, values.length);
  assertEquals(words.filter((line) => !line.startsWith("json2subunit: ")), []);
  assertEquals(status, 2);
});
