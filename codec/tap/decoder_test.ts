import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { isFinalStatus, type StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import {
  decodeChunks as decodeWith,
  isWritable,
  lostTests,
  show,
} from "../_testing/decode_chunks.ts";
import { TapDecoder, type TapDecoderOptions } from "./decoder.ts";

const encoder = new TextEncoder();

function decode(
  input: string | Uint8Array,
  options?: TapDecoderOptions,
): StatusEvent[] {
  const bytes = typeof input === "string" ? encoder.encode(input) : input;
  return decodeChunks([bytes], options);
}

/** All events of the chunks, with the parts of each file joined. */
function decodeChunks(
  chunks: Iterable<Uint8Array>,
  options?: TapDecoderOptions,
): StatusEvent[] {
  return decodeWith(new TapDecoder(options), chunks);
}

function isText({ testId, fileName }: StatusEvent): boolean {
  return testId === undefined && fileName === "stdout";
}

const MISSING = "fail [tap meta: test missing from TAP output]";
const NO_PLAN = "tap plan: fail [tap meta: plan missing from TAP output]";
const LOST = "fail [tap meta: subtest lacks its test point]";

/** What a stream is for, the stream, its events. */
type Vector = [name: string, tap: string, events: string[]];

/**
 * What Debian's tap2subunit 1.4.0 prints, text left out. It does not miss a
 * plan; we do.
 */
const PYTHON: Vector[] = ([
  ["ok\n", ["test 1: success"]],
  ["ok 1\n", ["test 1: success"]],
  ["ok 1 - a description\n", ["test 1 - a description: success"]],
  ["ok a description\n", ["test 1 a description: success"]],
  ["ok 3 foo\n", [
    `test 1: ${MISSING}`,
    `test 2: ${MISSING}`,
    "test 3 foo: success",
  ]],
  ["1..3\nok first\nnot ok second\n", [
    "test 1 first: success",
    "test 2 second: fail",
    `test 3: ${MISSING}`,
  ]],
  ["1..3\nok first\nnot ok 3 third\n", [
    "test 1 first: success",
    `test 2: ${MISSING}`,
    "test 3 third: fail",
  ]],
  ["ok first\nnot ok 3 third\n", [
    "test 1 first: success",
    `test 2: ${MISSING}`,
    "test 3 third: fail",
  ]],
  ["ok 2\nok\n", [`test 1: ${MISSING}`, "test 2: success", "test 3: success"]],
  ["ok 1 - a\nnot ok 2 - b\nok 3 - c\n1..3\n", [
    "test 1 - a: success",
    "test 2 - b: fail",
    "test 3 - c: success",
  ]],
  ["ok # SKIP\n", ["test 1: skip"]],
  ["not ok 1 - a # TODO later\n", ["test 1 - a: xfail [tap comment: later]"]],
  ["not ok # TODO\n", ["test 1: xfail"]],
  ["ok 1 foo\nBail out! Lifejacket engaged\n", [
    "test 1 foo: success",
    "Bail out! Lifejacket engaged: fail",
  ]],
  ["1..3\nok 1\nBail out! gone\n", [
    "test 1: success",
    "Bail out! gone: fail",
    `test 2: ${MISSING}`,
    `test 3: ${MISSING}`,
  ]],
  ["ok 1\n# one\n# two\nok 2\n# three\n", [
    "test 1: success [tap comment: # one\n# two]",
    "test 2: success [tap comment: # three]",
  ]],
  ["ok 1-foo\nok 2foo\nok  3  foo  \n", [
    "test 1 1-foo: success",
    "test 2 2foo: success",
    "test 3 foo: success",
  ]],
  ["ok - dash\nok -\n", ["test 1 - dash: success", "test 2 -: success"]],
  ["ok 01 - zero\n", ["test 1 - zero: success"]],
  ["ok 1 - ümläut ✓\n", ["test 1 - ümläut ✓: success"]],
] as [string, string[]][]).map(([tap, events]) => [
  `as Python does: ${JSON.stringify(tap)}`,
  tap,
  events,
]);

const FLAT: Vector[] = [
  ["an empty stream", "", [NO_PLAN]],
  ["only text", "hello\nworld", ["[stdout: hello\nworld]", NO_PLAN]],
  ["text between tests", "1..2\none\nok 1\ntwo\r\n\nok 2\nthree", [
    "[stdout: one\n]",
    "test 1: success",
    "[stdout: two\r\n\n]",
    "test 2: success",
    "[stdout: three]",
  ]],
  ["no line end", "1..1\nok 1 - last", ["last: success"]],
  ["CR LF", "1..1\r\nok 1 - a # SKIP b\r\n# c\r\n", [
    "a: [reason: b]",
    "a: skip [tap comment: # c]",
  ]],
  ["an unexpected success", "ok 1 - a # TODO b\n", [
    "a: success #todo [tap comment: b]",
  ]],
  ["a reason and comments", "not ok 1 # TODO a\n# b\n", [
    "test 1: xfail [tap comment: a\n# b]",
  ]],
  ["another comment", "ok 1 - a # time=3ms\n", [
    "a: success [tap comment: # time=3ms]",
  ]],
  ["escapes", "TAP version 14\n1..1\nok 1 - a \\# b \\\\ c\n", [
    "a # b \\ c: success",
  ]],
  ["what no id can hold", "ok 1 - \0\ufffd\n", ["\\0\ufffd: success"]],
  ["comments of no test", "# a\n1..1\n# b\nok 1\n", [
    "[stdout: # a\n# b\n]",
    "test 1: success",
  ]],
  ["a pragma", "pragma +strict\nnoise\nok 1\n", [
    "[stdout: pragma +strict\nnoise\n]",
    "test 1: success",
  ]],
  ["all skipped", "1..0 # Skipped: no disk\n", [
    "file skip: skip [reason: no disk]",
  ]],
  ["all skipped, no reason", "1..0\n", ["file skip: skip"]],
  ["a plan with a comment", "1..1 # one\nok 1\n", [
    "[stdout: 1..1 # one\n]",
    "test 1: success",
  ]],
  ["a second plan", "1..1\nok 1\n1..1\n", [
    "test 1: success",
    `test 1 #2: ${MISSING}`,
  ]],
  ["a test beyond the plan", "1..1\nok 1\nok 2 - b\n", [
    "test 1: success",
    "b: fail [tap meta: no test 2 is planned; reported as success]",
  ]],
  ["tests beyond a plan at the end", "ok 1 - a\nnot ok 2 - b\n1..1\n", [
    "a: success",
    "b: fail",
    "test 2: fail [tap meta: the plan is 1..1]",
  ]],
  ["a number twice", "ok 1 - a\nnot ok 1 - b # TODO\n", [
    "a: success",
    "b: fail [tap meta: test 1 came before, or was found missing; reported as xfail]",
  ]],
  ["number 0", "1..1\nok 0\nok 1\n", [
    "test 0: fail [tap meta: no test 0 is planned; reported as success]",
    "test 1: success",
  ]],
  ["any order in TAP 14", "TAP version 14\n1..4\nok 2\nok 4\nok 1\n", [
    "test 2: success",
    "test 4: success",
    "test 1: success",
    `test 3: ${MISSING}`,
  ]],
  ["a version and no plan", "TAP version 13\nok 1\n", [
    "test 1: success",
    NO_PLAN,
  ]],
  ["nothing but a version", "TAP version 13\n", [NO_PLAN]],
  [
    "one document after another",
    "TAP version 13\n1..1\nok 1\nTAP version 13\n1..2\nok 1\n",
    [
      "test 1: success",
      "test 1 #2: success",
      `test 2: ${MISSING}`,
    ],
  ],
  ["text after bailing out", "ok 1\nBail out!\nok 2\n    ok 1\n1..2\n", [
    "test 1: success",
    "Bail out!: fail",
    "[stdout: ok 2\n    ok 1\n1..2\n]",
  ]],
  ["bailing out without a plan", "TAP version 14\nbail OUT! \\# 1\n", [
    "Bail out! # 1: fail",
  ]],
  ["a huge plan", "1..20000\n", [
    ...Array.from({ length: 10_000 }, (_, i) => `test ${i + 1}: ${MISSING}`),
    `tests 10001 to 20000: ${MISSING}`,
  ]],
];

const YAML: Vector[] = [
  [
    "a block",
    "not ok 1 - a\n  ---\n  message: 'no'\n\n  at:\n    line: 3\n  ...\nok 2\n",
    [
      "a: fail [tap yaml: message: 'no'\n\nat:\n  line: 3]",
      "test 2: success",
    ],
  ],
  ["CR LF", "ok 1\r\n  ---\r\n  a: 1\r\n  b: 2\r\n  ...\r\n", [
    "test 1: success [tap yaml: a: 1\nb: 2]",
  ]],
  ["other indentation", "ok 1\n ---\n a: 1\n ...\n", [
    "test 1: success [tap yaml: a: 1]",
  ]],
  [
    "after comments and blank lines",
    "ok 1\n# a\n\n  ---\n  b: 1\n  ...\n# c\n",
    [
      "[stdout: \n]",
      "test 1: [tap comment: # a\n# c]",
      "test 1: success [tap yaml: b: 1]",
    ],
  ],
  [
    "what looks like TAP in it",
    "ok 1\n  ---\n  ok 2\n  # a\n  --- \n    ...\n  ...\n",
    [
      "test 1: success [tap yaml: ok 2\n# a\n--- \n  ...]",
    ],
  ],
  ["a block that breaks off", "ok 1\n  ---\n  a: 1\nok 2\n", [
    "test 1: success [tap yaml: a: 1]",
    "test 2: success",
  ]],
  ["a stream that breaks off", "ok 1\n  ---\n  a: 1\n  b", [
    "test 1: success [tap yaml: a: 1\nb]",
  ]],
  ["an empty block", "ok 1\n  ---\n  ...\n", ["test 1: success"]],
  ["a second block", "ok 1\n  ---\n  a: 1\n  ...\n  ---\n  b: 2\n", [
    "test 1: success [tap yaml: a: 1\n---\nb: 2]",
  ]],
  ["a block of no test", "1..1\n  ---\n  a: 1\n  ...\nok 1\n", [
    "[stdout:   ---\n  a: 1\n  ...\n]",
    "test 1: success",
  ]],
];

const SUBTESTS: Vector[] = [
  [
    "a commented subtest",
    "TAP version 14\n1..2\nok 1 - a\n# Subtest: b\n    1..2\n    ok 1 - c\n" +
    "    not ok 2 - d\n      ---\n      e: 1\n      ...\nnot ok 2 - b\n",
    [
      "a: success",
      "b: inprogress",
      "b > c (of b): success",
      "b > d (of b): fail [tap yaml: e: 1]",
      "b: fail",
    ],
  ],
  [
    "a comment at the child's indentation",
    "    # Subtest: a\n    ok 1\n    1..1\nok 1 - a\n    # Subtest: b\n    1..0\nok 2 - b\n1..2\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "a: success",
      "b: inprogress",
      "b: success",
    ],
  ],
  ["a subtest without a name", "# Subtest\n    ok 1 - a\n    1..1\nok 1\n", [
    "test 1: inprogress",
    "test 1 > a (of test 1): success",
    "test 1: success",
  ]],
  [
    "a bare subtest",
    "    ok 1 - a\nnoise\n    ok 2\n    1..3\nok 1 - b\n1..1\n",
    [
      "[stdout: noise\n]",
      "b > a (of b): success",
      "b > test 2 (of b): success",
      `b > test 3 (of b): ${MISSING}`,
      "b: success",
    ],
  ],
  [
    "two bare levels at once",
    "        ok 1 - a\n        1..1\n    ok 1 - b\n    1..1\nok 1 - c\n1..1\n",
    [
      "c > b > a (of c > b): success",
      "c > b (of c): success",
      "c: success",
    ],
  ],
  [
    "three levels",
    "# Subtest: a\n    # Subtest: b\n        ok 1 - c\n        1..1\n    ok 1 - b\n    1..1\nok 1 - a\n",
    [
      "a: inprogress",
      "a > b (of a): inprogress",
      "a > b > c (of a > b): success",
      "a > b (of a): success",
      "a: success",
    ],
  ],
  [
    "a dash that is not there, and no description",
    "# Subtest: a\n    1..1\n    ok 1\nok 1 a\n# Subtest: b\n    1..1\n    ok 1\nok 2 # skip c\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "a: success",
      "b: inprogress",
      "b > test 1 (of b): success",
      "b: skip [reason: c]",
    ],
  ],
  ["a test point of another name", "# Subtest: a\nok 1 - b\n", [
    "a: inprogress",
    'a: success [tap meta: the test point says "- b"]',
  ]],
  ["a test point of another test", "# Subtest: a\n    ok 1\nok 2 - b\n", [
    "a: inprogress",
    "a > test 1 (of a): success",
    `a: ${LOST}`,
    "b: success",
  ]],
  [
    "lines of the parent's level inside",
    "# Subtest: a\n    ok 1\n# Subtest: b\n1..7\nTAP version 14\n    ok 2\nok 1 - a\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success [tap comment: # Subtest: b]",
      "[stdout: 1..7\nTAP version 14\n]",
      "a > test 2 (of a): success",
      "a: success",
      NO_PLAN,
    ],
  ],
  [
    "a producer that dies in a subtest",
    "TAP version 14\n1..2\n# Subtest: a\n    1..2\n    ok 1 - b\n",
    [
      "a: inprogress",
      "a > b (of a): success",
      `a > test 2 (of a): ${MISSING}`,
      `a: ${LOST}`,
      `test 2: ${MISSING}`,
    ],
  ],
  ["a producer that dies in a bare subtest", "1..1\n        ok 1 - a\n", [
    "test 1: inprogress",
    "test 1 > test 1 (of test 1): inprogress",
    "test 1 > test 1 > a (of test 1 > test 1): success",
    `test 1 > test 1 (of test 1): ${LOST}`,
    `test 1: ${LOST}`,
  ]],
  [
    "bailing out in a subtest",
    "# Subtest: a\n    ok 1\n    Bail out! b\nBail out! b\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "Bail out! b: fail",
      `a: ${LOST}`,
      "[stdout: Bail out! b\n]",
    ],
  ],
  [
    "buffered subtests",
    "not ok 1 - a {\n    ok 1 - b # time=3ms {\n        ok 1 - c\n        1..1\n    }\n    1..1\n}\nok 2 - d {\n1..2\n",
    [
      "a: inprogress",
      "a > b (of a): inprogress",
      "a > b > c (of a > b): success",
      "a > b (of a): success [tap comment: # time=3ms {]",
      "a: fail",
      "d {: success",
    ],
  ],
  [
    "a buffered subtest without its end",
    "ok 1 - a {\n    ok 1\nok 2 - b\n}\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      'a: fail [tap meta: subtest lacks its "}"; reported as success]',
      "b: success",
      "[stdout: }\n]",
    ],
  ],
  [
    "the Linux kernel's dialect",
    "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: suite\n  1..1\n  ok 1 case\nok 1 suite\n",
    [
      "suite: inprogress",
      "suite > case (of suite): success",
      "suite: success",
    ],
  ],
  [
    "tabs where a subtest was announced",
    "# Subtest: a\n\tok 1\n\t1..1\nok 1 - a\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "a: success",
    ],
  ],
  ["tabs where none was", "\tok 1\n  1..3\n  }\nok 1 - a\n", [
    "[stdout: \tok 1\n  1..3\n  }\n]",
    "a: success",
  ]],
];

const IDS: Vector[] = [
  ["the same names in any place", "1..3\nok 1 - a\nok 2 - b\nok 3 - b\n", [
    "a: success",
    "b: success",
    "b #2: success",
  ]],
  ["names that repeat, and one that says so", "ok a #2\nok a\nok a\n", [
    "a #2: success",
    "a: success",
    "a #3: success",
  ]],
  ["names of numbers", "ok 1\nok 2 - test 1\nok 3 - test 4\nok 4\n", [
    "test 1: success",
    "test 1 #2: success",
    "test 4: success",
    "test 4 #2: success",
  ]],
  [
    "subtests of one name",
    "# Subtest: a\n    ok 1 - b\n    1..1\nok 1 - a\n" +
    "# Subtest: a\n    ok 1 - b\n    ok 2 - b\n    1..2\nok 2 - a\n",
    [
      "a: inprogress",
      "a > b (of a): success",
      "a: success",
      "a #2: inprogress",
      "a #2 > b (of a #2): success",
      "a #2 > b #2 (of a #2): success",
      "a #2: success",
    ],
  ],
  [
    "buffered subtests of one name",
    "ok 1 - a {\n    ok 1\n    1..1\n}\n" +
    "ok 2 - a {\n    ok 1\n    1..1\n}\nok 3 - a {\nok 4 - a\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "a: success",
      "a #2: inprogress",
      "a #2 > test 1 (of a #2): success",
      "a #2: success",
      "a {: success",
      "a #3: success",
    ],
  ],
  ["what is no directive", "ok 1 - a # 42\nnot ok 2 - b # todos c\n", [
    "a # 42: success",
    "b: fail [tap comment: # todos c]",
  ]],
  ["times", "ok 1 - a # time = 3.5ms\nok 2 - b # in 76 ms\n", [
    "a: success [tap comment: # time = 3.5ms]",
    "b: success [tap comment: # in 76 ms]",
  ]],
  [
    "the times of bats",
    "1..3\nok 1 a in 76ms\nnot ok 2 b in 1043ms # skip c\n" +
    "ok 3 - d in 5ms\n",
    [
      "a: success [tap comment: # in 76ms]",
      "b: [reason: c]",
      "b: skip [tap comment: # in 1043ms]",
      "d in 5ms: success",
    ],
  ],
  [
    "names that end as those of bats",
    "TAP version 13\nok 1 a in 76ms\n1..1\n",
    [
      "a in 76ms: success",
    ],
  ],
];

const GROUPS: Vector[] = [
  [
    "groups",
    "TAP version 13\n# a\nok 1 b\nok 2 b\n# c\n# d\nnoise\n" +
    "not ok 3 b\n# d\nok 4 b\n# TODO e\nok 5\n# f\nok 6 f\n1..6\n# g\n",
    [
      "[stdout: # a\n]",
      "a > b (of a): success",
      "a > b #2 (of a): success [tap comment: # c\n# d]",
      "[stdout: noise\n]",
      "d > b (of d): fail [tap comment: # d]",
      "d > b #2 (of d): success [tap comment: # TODO e]",
      "e > test 5 (of e): success [tap comment: # f]",
      "f: success",
      "[stdout: # g\n]",
    ],
  ],
  ...[
    ["a version other than 13", "TAP version 14\n# a\nok 1 b\n1..1\n"],
    ["no version", "# a\nok 1 b\n1..1\n"],
    ["the plan first", "TAP version 13\n1..1\n# a\nok 1 b\n"],
    ["a dash", "TAP version 13\n# a\nok 1 - b\n1..1\n"],
    ["no number", "TAP version 13\n# a\nok b\n1..1\n"],
    ["the name of the test", "TAP version 13\n# b\nok 1 b\n1..1\n"],
    ["an empty comment", "TAP version 13\n#\nok 1 b\n1..1\n"],
  ].map(([what, tap]): Vector => [
    `no groups with ${what}`,
    tap,
    [`[stdout: ${/^#.*\n/m.exec(tap)![0]}]`, "b: success"],
  ]),
  [
    "no groups after tests without",
    "TAP version 13\nok 1 b\n# a\nok 2 c\n1..2\n",
    [
      "b: success [tap comment: # a]",
      "c: success",
    ],
  ],
  [
    "no groups around subtests",
    "TAP version 13\n# a\n    ok 1 b\n    1..1\nok 1 a\n1..1\n",
    [
      "[stdout: # a\n]",
      "a > b (of a): success",
      "a: success",
    ],
  ],
];

const DOCUMENTS: Vector[] = [
  ["documents in a row", "1..2\nok 1 - a\nok 2 - b\n1..1\nok 1 - c\n", [
    "a: success",
    "b: success",
    "c: success",
  ]],
  [
    "documents with their plans at the end",
    "ok 1 - a\n1..1\nok 1 - b\n1..1\n",
    [
      "a: success",
      "b: success",
    ],
  ],
  [
    "a plan first, then one at the end",
    "1..1\nok 1 - a\nok 1 - b\nok 2 - c\n1..2\n",
    [
      "a: success",
      "b: success",
      "c: success",
    ],
  ],
  [
    "a document that skips all, and more",
    "1..0 # SKIP a\n1..0\n1..1\nok 1 - b\n",
    [
      "file skip: skip [reason: a]",
      "file skip #2: skip",
      "b: success",
    ],
  ],
  ["documents that repeat names", "1..1\nnot ok 1 - a\n1..1\nok 1 - a\n", [
    "a: fail",
    "a #2: success",
  ]],
  [
    "subtests in a row",
    "    ok 1 - b\n    1..1\nok 1 - a\n1..1\n" +
    "    ok 1 - b\n    1..1\nok 1 - c\n1..1\n# Subtest: d\nok 1 - d\n1..1\n",
    [
      "a > b (of a): success",
      "a: success",
      "c > b (of c): success",
      "c: success",
      "d: inprogress",
      "d: success",
    ],
  ],
  [
    "a subtest behind a whole plan",
    "1..1\nok 1 - a\n# Subtest: b\nok 1 - b\n1..1\n",
    [
      "a: success",
      "b: inprogress",
      "b: success",
    ],
  ],
  ["what is missing in each document", "1..2\nok 1 - a\n1..2\nok 2 - b\n", [
    "a: success",
    `test 2: ${MISSING}`,
    `test 1: ${MISSING}`,
    "b: success",
  ]],
  [
    "what is missing before a plan at the end",
    "ok 1 - a\n1..2\nok 1 - b\n1..1\n",
    [
      "a: success",
      `test 2: ${MISSING}`,
      "b: success",
    ],
  ],
  ["a first test again that has no plan", "1..1\nok 1 - a\nok 1 - b\n", [
    "a: success",
    "b: success",
    NO_PLAN,
  ]],
  ["a plan that is too late", "ok 1 - a\n1..2\nok 2 - b\n", [
    "a: success",
    "b: success",
  ]],
  [
    "plans in a subtest",
    "# Subtest: a\n    1..1\n    ok 1\n    1..1\nok 1 - a\n1..1\n",
    [
      "a: inprogress",
      "a > test 1 (of a): success",
      "[stdout:     1..1\n]",
      "a: success",
    ],
  ],
  [
    "the verdicts of prove",
    "t/a.t .. \n1..1\nok 1\nok\nt/b.t .. \n1..1\n" +
    "ok 1\nok       78 ms ( 0.00 usr  0.00 sys +  0.03 cusr  0.00 csys)\nok 1\n1..1\n" +
    "ok\nAll tests successful.\n",
    [
      "[stdout: t/a.t .. \n]",
      "test 1: success",
      "[stdout: ok\nt/b.t .. \n]",
      "test 1 #2: success",
      "[stdout: ok       78 ms ( 0.00 usr  0.00 sys +  0.03 cusr  0.00 csys)\n]",
      "test 1 #3: success",
      "[stdout: ok\nAll tests successful.\n]",
    ],
  ],
  ["one more test than planned, without text before", "1..1\nok 1\nok\n", [
    "test 1: success",
    "test 2: fail [tap meta: no test 2 is planned; reported as success]",
  ]],
  ["tests without numbers beyond the plan", "1..1\nok\nok\nnot ok\n", [
    "test 1: success",
    "test 2: fail [tap meta: no test 2 is planned; reported as success]",
    "test 3: fail [tap meta: no test 3 is planned]",
  ]],
  [
    "the kernel's dialect, then another document",
    "KTAP version 1\n1..3\n" +
    "not ok 1 a # XFAIL why\nok 2 b # XFAIL\nnot ok 3 c # TIMEOUT 45 s\n" +
    "TAP version 13\n1..1\nnot ok 1 - d # XFAIL\n",
    [
      "a: xfail [tap comment: why]",
      "b: success #todo",
      "c: fail [tap comment: # TIMEOUT 45 s]",
      "d # XFAIL: fail",
    ],
  ],
];

/** One mistake in the numbers is one failure. */
const NUMBERS: Vector[] = [
  ["a number beyond the plan", "1..2\nok 1 - a\nok 3 - b\n", [
    "a: success",
    "b: fail [tap meta: no test 3 is planned; reported as success]",
  ]],
  ["a number twice, and one missing", "1..2\nok 1 - a\nok 1 - b\n", [
    "a: success",
    "b: fail [tap meta: test 1 came before, or was found missing; reported as success]",
  ]],
  ["two mistakes", "1..3\nok 1 - a\nok 1 - b\n", [
    "a: success",
    "b: fail [tap meta: test 1 came before, or was found missing; reported as success]",
    `test 3: ${MISSING}`,
  ]],
  ["tests out of order", "1..2\nok 2 - b\nok 1 - a\n", [
    `test 1: ${MISSING}`,
    "b: success",
    "a: success [tap meta: test 1 came before, or was found missing]",
  ]],
  ["a number beyond a plan at the end", "ok 1 - a\nok 3 - b\n1..2\n", [
    "a: success",
    `test 2: ${MISSING}`,
    "b: success",
  ]],
  ["a number twice, and a plan at the end", "ok 1 - a\nok 1 - b\n1..2\n", [
    "a: success",
    "b: fail [tap meta: test 1 came before, or was found missing; reported as success]",
  ]],
  ["number 0 in place of a number", "1..1\nnot ok 0 - a\n", [
    "a: fail [tap meta: no test 0 is planned]",
  ]],
  [
    "a wrong number in TAP 14",
    "TAP version 14\n1..3\nok 3 - c\nok 7 - a\nok 1 - b\n",
    [
      "c: success",
      "a: fail [tap meta: no test 7 is planned; reported as success]",
      "b: success",
    ],
  ],
];

const SKIPPED: Vector[] = [
  [
    "a skipped subtest",
    "# Subtest: a\n    1..0 # SKIP why\nok 1 - a # skip why\n1..1\n",
    [
      "a: inprogress",
      "a: skip [reason: why]",
    ],
  ],
  [
    "a skipped subtest with a reason in its plan",
    "    1..0 # SKIP why\nok 1 - a # skip\n1..1\n",
    [
      "a: skip [reason: why]",
    ],
  ],
  [
    "a skipped subtest of a test that was not",
    "# Subtest: a\n    1..0 # SKIP why\nok 1 - a\n1..1\n",
    [
      "a: inprogress",
      "a: success [tap comment: why]",
    ],
  ],
  [
    "a skipped subtest in braces",
    "ok 1 - a # SKIP {\n    1..0 # SKIP why\n}\n1..1\n",
    [
      "a: inprogress",
      "a: skip [reason: {]",
    ],
  ],
];

/** Vectors are short: where one has tests and no plan, that is reported too. */
function withPlanReport([name, tap, events]: Vector): Vector {
  const isWhole = /^(?:1\.\.|Bail)/m.test(tap) || events.at(-1) === NO_PLAN ||
    !/^(?:not )?ok/m.test(tap);
  return [name, tap, isWhole ? events : [...events, NO_PLAN]];
}

const VECTORS = [
  ...FLAT,
  ...YAML,
  ...SUBTESTS,
  ...IDS,
  ...GROUPS,
  ...DOCUMENTS,
  ...NUMBERS,
  ...SKIPPED,
].map(withPlanReport);

for (const [name, tap, events] of VECTORS) {
  Deno.test(`TapDecoder reads ${name}`, () => {
    assertEquals(decode(tap).map(show), events);
  });
}

for (const [name, tap, events] of PYTHON.map(withPlanReport)) {
  Deno.test(`TapDecoder reads, with numbers, ${name}`, () => {
    assertEquals(decode(tap, { numbered: true }).map(show), events);
    // Without them, the same but for the ids.
    const withoutIds = (event: StatusEvent) => ({ ...event, testId: "" });
    assertEquals(
      decode(tap).map(withoutIds),
      decode(tap, { numbered: true }).map(withoutIds),
    );
  });
}

const FIXTURES = new URL("../../tests/fixtures/tap/", import.meta.url);

function readFixture(producer: string): Uint8Array {
  return Deno.readFileSync(new URL(`${producer}.tap`, FIXTURES));
}

/** Of each producer: how many tests of each status, and some of the events. */
const PRODUCERS: [string, Record<string, number>, string[]][] = [
  ["deno", { success: 7, skip: 2, fail: 3 }, [
    "nested > deep (of nested): success",
    "issue #12 \\ slash: success",
    "ignored: skip",
  ]],
  ["node", { success: 9, skip: 2, fail: 3, xfail: 1 }, [
    "nested > second > deep (of nested > second): inprogress",
    "nested > skipped (of nested): [reason: not today]",
    "issue #12 \\ slash: inprogress",
    "diagnoses: [tap comment: # a note]",
  ]],
  ["perl", { success: 8, skip: 2, fail: 3, xfail: 2 }, [
    "a subtest > deep > deepest (of a subtest > deep): success",
    "skipped subtest: skip [reason: no database]",
    "test 9: xfail [tap comment: & SKIP too slow\n# a diagnostic\n# a note]",
    "[stdout: plain output\n]",
  ]],
  ["tape", { success: 2, skip: 1, fail: 1, xfail: 1 }, [
    "timing > is ok (of timing): success",
    "timing > are equal (of timing): [tap comment: # nested\n# a comment]",
    "inner > inner passes (of inner): success [tap comment: # TODO todo]",
    "todo > not yet (of todo): xfail [tap yaml:   operator: fail\n  at: Test.<anonymous> (/project/tape_suite.cjs:20:5)]",
  ]],
  ["node_tap", { success: 6, skip: 1, fail: 2 }, [
    "buffered > deep > deepest (of buffered > deep): success",
    "plain > plain inner (of plain): success #todo [tap comment: later]",
  ]],
];

for (const [producer, counts, some] of PRODUCERS) {
  Deno.test(`TapDecoder reads the output of ${producer}`, () => {
    const events = decode(readFixture(producer));
    const counted: Record<string, number> = {};
    for (const { status } of events) {
      if (!isFinalStatus(status)) continue;
      counted[status!] = (counted[status!] ?? 0) + 1;
    }
    assertEquals(counted, counts);
    const shown = new Set(events.map(show));
    for (const event of some) assert(shown.has(event), event);
    assertEquals(lostTests(events), []);
  });
}

/** The ids that more than one test has. */
function repeatedIds(events: readonly StatusEvent[]): string[] {
  const seen = new Set<string>();
  return events
    .filter(({ status }) => isFinalStatus(status))
    // These fail tests that have ended before.
    .filter((event) => !show(event).includes("[tap meta: the plan is "))
    .map(({ testId }) => testId!)
    .filter((testId) => seen.has(testId) || !seen.add(testId));
}

Deno.test("TapDecoder shows a failure when a producer's output breaks off", () => {
  for (const producer of ["deno", "node", "tape", "node_tap"]) {
    const text = new TextDecoder().decode(readFixture(producer));
    const plan = text.search(/^1\.\./m);
    for (let end = text.indexOf("\n") + 1; end < plan; end++) {
      const events = decode(text.slice(0, end));
      assert(
        events.some(({ testId }) => testId === "tap plan"),
        `${producer} cut at ${end}`,
      );
      assertEquals(lostTests(events), []);
    }
  }
});

Deno.test("TapDecoder gives the same events however chunks are cut", () => {
  const inputs = [
    ...VECTORS.map(([, tap]) => encoder.encode(tap)),
    ...PRODUCERS.map(([producer]) => readFixture(producer)),
  ];
  for (const bytes of inputs) {
    const whole = decode(bytes);
    assertEquals(
      decodeChunks(Array.from(bytes, (byte) => Uint8Array.of(byte))),
      whole,
    );
    for (let at = 1; at < bytes.length; at++) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      assertEquals(decodeChunks(halves), whole);
    }
  }
});

Deno.test("TapDecoder gives events with all their fields", () => {
  const [text, reason, last, missing] = decode(
    "1..2\n\xff\nok 1 # SKIP a\n  ---\n  b: 1\n  ...\n",
  );
  assertEquals(text, {
    runnable: true,
    fileName: "stdout",
    fileBytes: encoder.encode("\xff\n"),
  });
  assertEquals(reason, {
    testId: "test 1",
    runnable: false,
    fileName: "reason",
    fileBytes: encoder.encode("a"),
    mimeType: "text/plain;charset=utf8",
    eof: true,
  });
  assertEquals(last, {
    testId: "test 1",
    status: "skip",
    runnable: false,
    fileName: "tap yaml",
    fileBytes: encoder.encode("b: 1"),
    mimeType: "text/x-yaml",
    eof: true,
  });
  assertEquals(missing, {
    testId: "test 2",
    status: "fail",
    runnable: false,
    fileName: "tap meta",
    fileBytes: encoder.encode("test missing from TAP output"),
    mimeType: "text/plain; charset=UTF8",
    eof: true,
  });
});

Deno.test("TapDecoder passes text on unchanged, with each push", () => {
  const bytes = Uint8Array.of(0x61, 0xff, 0x0d, 0x0a, 0x00, 0x0a, 0xc3, 0x0a);
  const events = new TapDecoder().push(bytes);
  assertEquals(events.map(({ fileBytes }) => fileBytes), [bytes]);
});

Deno.test("TapDecoder.push throws after end", () => {
  const decoder = new TapDecoder();
  decoder.end();
  assertThrows(() => decoder.push(new Uint8Array(0)), TypeError);
  assertThrows(() => decoder.endInput(), TypeError);
  assertEquals(decoder.end(), []);
});

Deno.test("TapDecoder makes a uxsuccess of a passing TODO test where asked", () => {
  const tap = "KTAP version 1\n1..3\nok 1 a # TODO\nok 2 b # XFAIL\nok 3 c\n";
  assertEquals(decode(tap, { strictTodo: true }).map(show), [
    "a: uxsuccess",
    "b: uxsuccess",
    "c: success",
  ]);
});

Deno.test("TapDecoder with numbers names no groups, and repeats ids", () => {
  const tap = "TAP version 13\n# a\nok 1 b\nok 2 b\n1..2\nok 1 b\n1..1\n";
  assertEquals(decode(tap, { numbered: true }).map(show), [
    "[stdout: # a\n]",
    "test 1 b: success",
    "test 2 b: success",
    "test 1 b: success",
  ]);
});

Deno.test("TapDecoder.endInput ends a document, keeps ids apart", () => {
  const decoder = new TapDecoder();
  const inputs: [string, string[]][] = [
    ["1..1\nok 1 - a", ["a: success"]],
    ["noise", ["[stdout: noise]", NO_PLAN]],
    ["Bail out! b\nmore\n", ["Bail out! b: fail", "[stdout: more\n]"]],
    ["1..2\nok 1 - a\n", ["a #2: success", `test 2: ${MISSING}`]],
    ["", [NO_PLAN.replace("plan", "plan #2")]],
  ];
  for (const [input, events] of inputs) {
    assertEquals(
      [...decoder.push(encoder.encode(input)), ...decoder.endInput()].map(show),
      events,
    );
  }
});

Deno.test("TapDecoder emits events as early as possible", () => {
  const steps: [string, string[]][] = [
    ["Password: ", ["[stdout: Password: ]"]],
    ["\n", ["[stdout: \n]"]],
    ["o", []],
    ["ops", ["[stdout: oops]"]],
    [" ok 1\nok 1 - a\n", ["[stdout:  ok 1\n]"]],
    ["# b\n", []],
    ["[", ["a: success [tap comment: # b]", "[stdout: []"]],
    ["]\nok 2\n", ["[stdout: ]\n]"]],
    ["1..2\n", ["test 2: success"]],
    ["ok 3", []],
  ];
  const decoder = new TapDecoder();
  for (const [chunk, events] of steps) {
    assertEquals(decoder.push(encoder.encode(chunk)).map(show), events);
  }
  assertEquals(decoder.end().map(show), [
    "test 3: fail [tap meta: no test 3 is planned; reported as success]",
  ]);
});

Deno.test("TapDecoder announces a subtest before it ends", () => {
  const decoder = new TapDecoder();
  const events = decoder.push(encoder.encode("# Subtest: a\n"));
  assertEquals(events.map(show), ["a: inprogress"]);
});

/** A clock that shows `seconds`, and one more each time. */
function clock(seconds: number): () => Timestamp {
  return () => ({ seconds: seconds++, nanoseconds: 500_000_000 });
}

/** The events with their times in seconds. */
function showTimes(chunks: string[], now = clock(100)): [string, number][] {
  const bytes = chunks.map((chunk) => encoder.encode(chunk));
  return decodeChunks(bytes, { now }).map((event) => {
    const { seconds, nanoseconds } = event.timestamp!;
    return [event.status ?? event.fileName!, seconds + nanoseconds / 1e9];
  });
}

Deno.test("TapDecoder gives a test the time of its test point", () => {
  assertEquals(showTimes(["noise\n", "ok 1\n", "# a\n", "1..2\n"]), [
    ["stdout", 100.5],
    ["success", 101.5],
    ["fail", 104.5],
  ]);
});

Deno.test("TapDecoder makes times of durations", () => {
  const yaml = (line: string) => `  ---\n  ${line}\n  ...\n`;
  const cases: [string[], [string, number][]][] = [
    [["ok 1\n", yaml("duration_ms: 1250.5"), "1..1\n"], [
      ["inprogress", 99.2495],
      ["success", 100.5],
    ]],
    [["1..1\nok 1\n" + yaml("duration_ms: '500'") + "# a\n"], [
      ["inprogress", 100],
      ["tap comment", 100.5],
      ["success", 100.5],
    ]],
    [["1..1\nok 1 - a # time=250ms\n"], [
      ["inprogress", 100.25],
      ["success", 100.5],
    ]],
    [[
      "1..1\n# Subtest: a\n",
      "noise\n",
      "ok 1 - a\n" + yaml("duration_ms: 3e3"),
    ], [
      ["inprogress", 100.5],
      ["stdout", 101.5],
      ["success", 103.5],
    ]],
    [["1..1\nok 1 - a # time=2000ms {\n    ok 1\n}\n"], [
      ["inprogress", 100.5],
      ["success", 100.5],
      ["success", 102.5],
    ]],
    ...["-1", "1e999", "200000", "soon"].map((duration) =>
      [["1..1\nok 1\n" + yaml(`duration_ms: ${duration}`)], [[
        "success",
        100.5,
      ]]] as [
        string[],
        [string, number][],
      ]
    ),
  ];
  for (const [chunks, events] of cases) {
    assertEquals(showTimes(chunks), events, chunks.join(""));
  }
  assertEquals(decode("1..1\nok 1\n" + yaml("duration_ms: 1")).length, 1);
});

Deno.test("TapDecoder treats lines of more than a MiB as text", () => {
  const long = "ok 1 " + "x".repeat(1 << 20);
  const short = "ok 2 " + "y".repeat((1 << 20) - 6);
  const bytes = encoder.encode(`1..2\n${long}\n${short}\n${long}`);
  const events = decode(bytes);
  assertEquals(
    events.map(({ testId, fileName }) => testId?.slice(0, 6) ?? fileName),
    [
      "stdout",
      "test 1",
      "yyyyyy",
      "stdout",
    ],
  );
  assertEquals(
    decodeChunks([bytes.subarray(0, 1 << 20), bytes.subarray(1 << 20)]),
    events,
  );
});

Deno.test("TapDecoder releases a line without end", () => {
  const decoder = new TapDecoder();
  const chunk = new Uint8Array(64 * 1024).fill(0x23);
  let passed = 0;
  for (let i = 0; i < 64; i++) {
    for (const { fileBytes } of decoder.push(chunk)) {
      passed += fileBytes!.length;
    }
  }
  assertEquals(passed, 64 * chunk.length);
});

Deno.test("TapDecoder emits a long attachment in parts", () => {
  const line = "# " + "x".repeat(1 << 19) + "\n";
  const decoder = new TapDecoder();
  const tap = encoder.encode("1..1\nok 1\n" + line.repeat(5));
  const events = [...decoder.push(tap), ...decoder.end()];
  assertEquals(events.map(({ status, eof }) => [status, eof]), [
    [undefined, undefined],
    [undefined, undefined],
    ["success", true],
  ]);
  const bytes = concat(events.map(({ fileBytes }) => fileBytes!));
  assertEquals(bytes.length, 5 * line.length - 1);
});

Deno.test("TapDecoder releases a bare subtest that is too long to hold", () => {
  const children = 100_000;
  const lines = Array.from({ length: children }, (_, i) => `    ok ${i + 1}\n`);
  const events = decode(lines.join("") + "ok 1 - a\n1..1\n");
  assertEquals(events.length, children + 2);
  assertEquals(show(events[0]), "test 1: inprogress");
  assertEquals(
    show(events[children]),
    `test 1 > test ${children} (of test 1): success`,
  );
  assertEquals(
    show(events[children + 1]),
    'test 1: success [tap meta: the test point says "- a"]',
  );
});

Deno.test("TapDecoder cuts an id that is too long, and attaches it whole", () => {
  const name = "\u{1f600}".repeat(3000);
  const [event] = decode(`ok 1 ${name}\n`);
  assert(event.testId!.length <= 4096);
  assert(event.testId!.isWellFormed());
  assertEquals(new TextDecoder().decode(event.fileBytes), name);
});

Deno.test("TapDecoder keeps ids apart and bounded at any depth", () => {
  const depth = 256;
  const name = "n".repeat(1000);
  const lines = Array.from(
    { length: depth + 1 },
    (_, i) => " ".repeat(4 * i) + `ok 1 - ${name}\n`,
  );
  const events = decode("1..1\n" + lines.reverse().join(""));
  assertEquals(events.length, depth + 1);
  for (const { testId } of events) assert(testId!.length <= 16384);
});

const LINES = [
  "TAP version 13",
  "TAP version 14",
  "1..2",
  "1..0 # skip a",
  "ok",
  "ok 1 - a",
  "not ok 2 - b # TODO c",
  "ok 3 # skip",
  "ok 2 - d {",
  "}",
  "# Subtest: a",
  "# e",
  "---",
  "...",
  "duration_ms: 5",
  "noise",
  "",
  "\0\xff",
];
const INDENTS = ["", "", "", "    ", "    ", "        ", "  ", "\t"];

const tapLine = fc.tuple(
  fc.constantFrom(...INDENTS),
  fc.constantFrom(...LINES),
  fc.constantFrom("\n", "\n", "\r\n"),
).map((parts) => parts.join(""));

Deno.test("TapDecoder accounts for every line, seed 3", () => {
  fc.assert(
    fc.property(
      fc.array(tapLine, { maxLength: 40, size: "max" }),
      fc.array(fc.nat(200)),
      (lines, cuts) => {
        const bytes = encoder.encode(lines.join(""));
        const events = decode(bytes);
        assert(events.every(isWritable));
        assertEquals(lostTests(events), []);
        assertEquals(repeatedIds(events), []);
        assertEquals(decodeChunks(cut(bytes, cuts)), events);
        const isNoise = (line: string) => line.includes("noise");
        assertEquals(
          linesOf(events).filter(isNoise).length,
          lines.filter(isNoise).length,
        );
        const isPoint = (line: string) => /^(?:not )?ok/.test(line);
        const results = events.filter(({ status }) => isFinalStatus(status));
        assert(
          results.length >= lines.filter(isPoint).length -
              linesOf(events.filter(isText)).filter(isPoint).length,
        );
      },
    ),
    { seed: 3, numRuns: 2000 },
  );
});

Deno.test("TapDecoder takes any bytes, seed 4", () => {
  const words = fc.constantFrom(...LINES, ...INDENTS, "\n", "\n");
  const part = fc.oneof(
    words.map((word) => encoder.encode(word)),
    fc.uint8Array({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 60, size: "max" }),
      fc.array(fc.nat(60)),
      (parts, cuts) => {
        const bytes = concat(parts);
        const events = decode(bytes);
        assert(events.every(isWritable));
        assertEquals(lostTests(events), []);
        assertEquals(decodeChunks(cut(bytes, cuts)), events);
      },
    ),
    { seed: 4, numRuns: 2000 },
  );
});

Deno.test("TapDecoder passes on all bytes that are not TAP, seed 5", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const marked = concat(chunks.flatMap((chunk) => [
        Uint8Array.of(0x7c),
        chunk.map((byte) => byte === 0x0a ? 0x0d : byte),
        Uint8Array.of(0x0a),
      ]));
      const events = decode(marked);
      assertEquals(show(events.pop()!), NO_PLAN);
      assertEquals(concat(events.map(({ fileBytes }) => fileBytes!)), marked);
    }),
    { seed: 5, numRuns: 500 },
  );
});

/** The bytes in chunks of these lengths, and the rest. */
function cut(bytes: Uint8Array, lengths: number[]): Uint8Array[] {
  let at = 0;
  return [...lengths, bytes.length].map((length) =>
    bytes.subarray(at, at += length)
  );
}

/** The lines in the events' files. */
function linesOf(events: StatusEvent[]): string[] {
  return events.flatMap(({ fileBytes }) =>
    new TextDecoder().decode(fileBytes).split("\n")
  );
}
