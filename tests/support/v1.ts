/**
 * Streams of version 1: generated ones, and what a conversion of them contains.
 *
 * @module
 */

import { assert } from "@std/assert";
import { formatTimestamp, type StatusEvent } from "@subunit/codec";
import fc from "fast-check";
import { outputOfCall } from "./call.ts";
import { text } from "./run.ts";
import { itemsIn } from "./streams.ts";

/** Input as version 2, converted without a message. */
export function asV2(
  stdin: Uint8Array | string,
  args: readonly string[] = [],
): Promise<Uint8Array> {
  return outputOfCall("subunit-1to2", args, { stdin });
}

/** An event on a line: "id: status #tag [file: content]". */
export function show(event: StatusEvent): string {
  const { testId, status, tags, fileName, fileBytes, routeCode } = event;
  return [
    `${testId}:`,
    routeCode && `(${routeCode})`,
    status,
    tags && `#${[...tags].sort().join(" #")}`,
    fileName !== undefined && `[${fileName}: ${text(fileBytes!)}]`,
  ].filter((part) => typeof part === "string").join(" ");
}

/** The content of a stream, one line per item, with adjacent text joined. */
export function contents(bytes: Uint8Array): string[] {
  return itemsIn(bytes).map((item) => {
    assert(item.kind !== "damage", "there is damage in the stream");
    return item.kind === "packet" ? show(item) : `text ${text(item.bytes)}`;
  });
}

/** The outcomes among these lines. */
export function outcomes(found: readonly string[]): string[] {
  return found.map((line) =>
    /^(.*): (?:#.* )?(success|fail|skip|xfail|uxsuccess)\b/.exec(line)
  )
    .filter((match) => match !== null)
    .map(([, testId, status]) => `${testId} ${status}`);
}

/** A word of a generated stream. */
const anyWord = fc.stringMatching(/^[a-zé.]{1,6}$/);
const anyText = fc.constantFrom(
  "",
  "text\n",
  "г. текст\n",
  "success: other\n",
  " test: x\n",
  "Tests: 3\n",
  "]\n",
);
const anyTime = fc.tuple(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.nat(999).map((milliseconds) => milliseconds * 1000),
).map(([seconds, microseconds]) =>
  // Whole seconds: Python's reader rounds some fractions down.
  `time: ${
    formatTimestamp({ seconds, nanoseconds: 0 * microseconds })
      .replace("T", " ")
  }\n`
);
const anyTags = fc.array(
  fc.tuple(fc.constantFrom("", "-"), fc.constantFrom("x", "y", "zé")),
  { minLength: 1, maxLength: 3 },
).map((tags) => `tags: ${tags.map((tag) => tag.join("")).join(" ")}\n`);
const anyLines = fc.constantFrom(
  "",
  "one\ntwo\n",
  " ]\n",
  "test: x\nsuccess: x\n",
  "\n\n",
  "г\n",
);
const anyPart = fc.record({
  name: anyWord,
  content: fc.constantFrom("", "x", "]\n", "a\r\n0\r\n", "г".repeat(40)),
}).map(({ name, content }) => {
  const { length } = new TextEncoder().encode(content);
  const chunk = length === 0 ? "" : `${length.toString(16)}\r\n${content}`;
  return `Content-Type: text/plain;charset=utf8\n${name}\n${chunk}0\r\n`;
});
const anyDetails = fc.oneof(
  fc.constant("\n"),
  anyLines.map((lines) => ` [\n${lines}]\n`),
  fc.uniqueArray(anyPart, {
    maxLength: 3,
    selector: (part) => part.split("\n")[1],
  }).map((parts) => ` [ multipart\n${parts.join("")}]\n`),
);
const anyTest = fc.record({
  start: fc.constantFrom("test: ", "test ", "testing: ", "testing "),
  id: fc.array(anyWord, { minLength: 1, maxLength: 3 })
    .map((words) => words.join(" ")),
  inside: fc.array(fc.oneof(anyText, anyTags, anyTime), { maxLength: 3 }),
  word: fc.constantFrom(
    ..."success successful failure error skip xfail uxsuccess".split(" "),
  ),
  colon: fc.constantFrom(":", ""),
  details: anyDetails,
  behind: fc.array(fc.oneof(anyText, anyTags, anyTime), { maxLength: 2 }),
}).map(({ start, id, inside, word, colon, details, behind }) => {
  // Python drops details of a uxsuccess unless they are in brackets.
  return `${start}${id}\n${inside.join("")}${word}${colon} ${id}${details}${
    behind.join("")
  }`;
});
/** Unambiguous streams of version 1. */
export const anyStream = fc.tuple(anyTime, fc.array(anyTest, { maxLength: 8 }))
  .map(([time, tests]) => time + tests.join(""));

/** The content of a stream, with types and times. */
export function facts(bytes: Uint8Array): string[] {
  return itemsIn(bytes).map((item) => {
    assert(item.kind !== "damage", "there is damage in the stream");
    return item.kind === "foreign" ? `text ${text(item.bytes)}` : [
      show(item),
      item.mimeType,
      item.timestamp && formatTimestamp(item.timestamp),
    ].join(" ");
  });
}
