/** The work that hostile text causes, in steps of a backtracking search. */

import { assert, assertEquals } from "@std/assert";
import {
  searchAll,
  searchedLengths,
} from "../../../tests/support/regex_steps.ts";
import { cc } from "../../traceback/chain/cc.ts";
import { dotnet } from "../../traceback/chain/dotnet.ts";
import { go } from "../../traceback/chain/go.ts";
import { jvm } from "../../traceback/chain/jvm.ts";
import { php } from "../../traceback/chain/php.ts";
import { python } from "../../traceback/chain/python.ts";
import { ruby } from "../../traceback/chain/ruby.ts";
import { rust } from "../../traceback/chain/rust.ts";
import { v8 } from "../../traceback/chain/v8.ts";
import { Fingerprinter } from "./fingerprint.ts";
import { masked, MASKS, QUOTED } from "./mask.ts";

/** What is repeated: characters, and the beginnings of what a pattern matches. */
const PARTS = [
  ..."a0 [(<'\"`/.:-+@#=\\|\t{,~“".split(""),
  ..."a. a: 1. 1, 1: /a a/ a@ a-a a+ 1- [1 'a :: :/ 1.1. a.a@ deadbee1 0x"
    .split(
      " ",
    ),
  "a ",
  "1 ",
  "Jan 1 ",
  "HTTP 1",
  "status ",
  "tmp",
  "a://",
  "at a",
  "at a(",
  " in ",
  "a:1:1 ",
  "\n",
  " \n",
  "E   \n",
  "panicked at ",
  ": Failure\n",
  "a#a [",
  "a.php:1",
  "C:\\a",
  ":<a",
  "../",
  "/go/",
];

const SHORT = 300;

/** Steps for a text of a length and of four times that. */
function growthOf(pattern: RegExp, part: string): number {
  const steps = (length: number) =>
    searchAll(pattern, part.repeat(length / part.length)).steps;
  return steps(4 * SHORT) / steps(SHORT);
}

const PATTERNS: Record<string, RegExp> = {
  ...Object.fromEntries(
    [...MASKS, QUOTED].map(([replacement = "kept", pattern], index) => [
      `mask ${index} ${replacement}`,
      new RegExp(pattern),
    ]),
  ),
  ...Object.fromEntries(
    [cc, dotnet, go, jvm, php, python, ruby, rust, v8].flatMap((
      { language, marker, library },
    ) => [[`marker of ${language}`, marker], [
      `library of ${language}`,
      library,
    ]]),
  ),
};

Deno.test("searchAll finds what matchAll finds", () => {
  const texts = PARTS.map((part) => `x ${part.repeat(5)} y${part}`);
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const all = new RegExp(pattern, pattern.flags + "g");
    for (const text of texts) {
      assertEquals(
        searchAll(pattern, text).matches,
        Array.from(text.matchAll(all), ([match]) => match),
        `${name}: ${JSON.stringify(text)}`,
      );
    }
  }
});

for (const [name, pattern] of Object.entries(PATTERNS)) {
  Deno.test(`the work grows with the length of a text: ${name}`, () => {
    for (const part of PARTS) {
      const growth = growthOf(pattern, part);
      // Four times the text, and no more than what bounded repeats add.
      assert(growth < 6, `${JSON.stringify(part)}: ${growth}`);
    }
  });
}

/**
 * Twice the lengths at which {@linkcode masked} and the reader of texts cut lines:
 * what a mask writes is longer than one digit.
 */
const MASKED = 2 * 4096, READ = 2 * 1024;
const MIB = 1024 * 1024;

/** A line of 1 MiB that one of the parts is repeated in. */
function longLine(part: string): string {
  return part.repeat(Math.ceil(MIB / part.length)).slice(0, MIB);
}

Deno.test("masked searches only the beginning of a line of 1 MiB", () => {
  for (const part of PARTS) {
    const line = longLine(part);
    for (const hidesQuoted of [false, true]) {
      const lengths = searchedLengths(() => masked(line, hidesQuoted));
      const most = Math.max(...lengths);
      assert(most <= MASKED, `${JSON.stringify(part)}: ${most}`);
      assert(lengths.length <= 5 * MASKED, JSON.stringify(part));
    }
  }
});

Deno.test("a fingerprint searches only the beginning of a line of 1 MiB", () => {
  const fingerprinter = new Fingerprinter(() => new Uint8Array(32));
  for (const part of PARTS.filter((part) => !part.includes("\n"))) {
    for (const name of ["traceback", "log"]) {
      const texts = [{ name, text: longLine(part) }];
      const lengths = searchedLengths(() =>
        fingerprinter.of({ testId: "a", outcome: "fail", texts })
      );
      const most = Math.max(...lengths);
      assert(most <= READ, `${name}, ${JSON.stringify(part)}: ${most}`);
      assert(lengths.length <= 50 * READ, JSON.stringify(part));
    }
  }
});
