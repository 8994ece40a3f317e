import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { lent } from "../_testing/decode_chunks.ts";
import { formatTimestamp, type Timestamp } from "../timestamp.ts";
import { TestCollator } from "../results/collator.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { V1Decoder, type V1DecoderOptions } from "./decoder.ts";
import type { V1Event } from "./event.ts";

const encoder = new TextEncoder();

/** Text, and bytes as they are: one stream. */
function stream(...parts: (string | Uint8Array)[]): Uint8Array {
  return concat(
    parts.map((part) => typeof part === "string" ? encoder.encode(part) : part),
  );
}

function packet(testId: string, fileBytes = new Uint8Array(0)): Uint8Array {
  return encodePacket({ testId, runnable: true, fileName: "f", fileBytes });
}

/** Bytes as characters, one each. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** An event on a line: "id: status #tag [file type: content] @time". */
function show(event: V1Event): string {
  const { testId, status, tags, fileName, mimeType, fileBytes, eof } = event;
  return [
    `${testId}:`,
    event.routeCode && `(${event.routeCode})`,
    status,
    tags && `#${tags.join(" #")}`,
    fileName !== undefined &&
    `[${fileName} ${mimeType}: ${latin1(fileBytes!)}${eof ? "" : "…"}]`,
    event.timestamp && `@${formatTimestamp(event.timestamp)}`,
  ].filter((part) => typeof part === "string").join(" ");
}

/** All that is in the chunks, a line each, neighbouring text joined. */
function decodeChunks(
  chunks: Iterable<Uint8Array>,
  options?: V1DecoderOptions,
): string[] {
  const found: string[] = [];
  let isText = false;
  const add = (line: string) => {
    isText = false;
    found.push(line);
  };
  const decoder = new V1Decoder({
    event: (event) => add(show(event)),
    packet: ({ testId }) => add(`packet ${testId}`),
    text(bytes) {
      const text = latin1(bytes);
      if (isText) found[found.length - 1] += text;
      else found.push(`text ${text}`);
      isText = true;
    },
  }, options);
  for (const chunk of lent(chunks)) decoder.push(chunk);
  decoder.end();
  return found;
}

const TRACEBACK = 'traceback text/x-traceback; charset="utf8"';
const INTERRUPTED = "[reason text/plain;charset=utf8: The test was interrupted";
const LOST =
  "[reason text/plain;charset=utf8: The input ended before the test did]";

/** A stream, and what is in it. */
type Vector = [input: string | Uint8Array, found: string[]];

const OUTCOMES: Vector[] = [
  ["success", "success"],
  ["successful", "success"],
  ["failure", "fail"],
  ["error", "fail"],
  ["skip", "skip"],
  ["xfail", "xfail"],
  ["uxsuccess", "uxsuccess"],
].flatMap(([word, status]) =>
  [word, `${word}:`, `${word}::`].map((word): Vector => [
    `test: a\n${word} a\n`,
    ["a: inprogress", `a: ${status}`],
  ])
);

const LINES: Vector[] = [
  ["", []],
  ["text\n", ["text text\n"]],
  ["text", ["text text"]],
  ...["test", "test:", "testing", "testing:"].map((word): Vector => [
    `${word} a b\nsuccess: a b\n`,
    ["a b: inprogress", "a b: success"],
  ]),
  ["test: a\nsuccess: a", ["a: inprogress", "a: success"]],
  ["test: a\r\nsuccess: a\r\n", ["a: inprogress", "a: success"]],
  ["test:\ta\nsuccess\ta\n", ["a: inprogress", "a: success"]],
  ["test:  a \nsuccess:  a \n", [" a : inprogress", " a : success"]],
  // What only looks like it.
  ...[
    "test:\n",
    "test: \n",
    "test: \t \r\n",
    " test: a\n",
    "Test: a\n",
    "tests: a\n",
    "test; a\n",
    "success: a\n",
    "failure: a\n",
    "success: a [\nx\n]\n",
    "error: a [-Werror]\n",
    "tags:\n",
    "time: flies\n",
    "time: 2026-02-30 00:00:00Z\n",
    "progress: is nice\n",
    "progress: +\n",
    "progress: 1x\n",
    "uxsuccess\n",
  ].map((line): Vector => [line, [`text ${line}`]]),
  ["test: a\nsuccess: b\nsuccess: a [\n]x\n]\nfailure: a  [\n", [
    "a: inprogress",
    "text success: b\n",
    "a: [message text/plain: ]x\n]",
    "a: success",
    "text failure: a  [\n",
  ]],
  ["test: a\nsuccess: ab\nsuccess: a[\nsuccess:\nsuccess: a\n", [
    "a: inprogress",
    "text success: ab\nsuccess: a[\nsuccess:\n",
    "a: success",
  ]],
  ["one\ntest: a\ntwo\nsuccess: a\nthree", [
    "text one\n",
    "a: inprogress",
    "text two\n",
    "a: success",
    "text three",
  ]],
  // A name may end as details begin.
  ["test: a [\nsuccess: a [\n", ["a [: inprogress", "a [: success"]],
  ["test: a [\nsuccess: a [ [\nx\n]\n", [
    "a [: inprogress",
    "a [: [message text/plain: x\n]",
    "a [: success",
  ]],
  ["test: ünï\nsuccess: ünï\n", ["ünï: inprogress", "ünï: success"]],
  [Uint8Array.from([...encoder.encode("test: a"), 0xb3, 0xff, 0x0a]), [
    "a³ÿ: inprogress",
    `a³ÿ: fail ${LOST}`,
  ]],
  ["test: a\0\nsuccess: a\0\n", ["a\\0: inprogress", "a\\0: success"]],
  [
    "progress: 3\nprogress: +3\nprogress: -3\nprogress push\nprogress: pop\n",
    [],
  ],
];

const DETAILS: Vector[] = [
  ...([
    ["success", "message text/plain"],
    ["skip", "reason text/plain"],
    ["xfail", TRACEBACK],
    ["uxsuccess", TRACEBACK],
  ] as const).map(([word, file]): Vector => [
    `test: a\n${word}: a [\nwhy\n]\n`,
    ["a: inprogress", `a: [${file}: why\n]`, `a: ${word}`],
  ]),
  [
    "test: a\nerror: a [\ntest: b\n ]\n ]]\n  ]\n ] x\n]x\ntime: x\n\n]\nafter",
    [
      "a: inprogress",
      `a: [${TRACEBACK}: test: b\n]\n]]\n  ]\n] x\n]x\ntime: x\n\n]`,
      "a: fail",
      "text after",
    ],
  ],
  ["test: a\nfailure: a [\n]\n", [
    "a: inprogress",
    `a: [${TRACEBACK}: ]`,
    "a: fail",
  ]],
  ["test: a\r\nfailure: a [\r\nx\r\n]\r\n", [
    "a: inprogress",
    `a: [${TRACEBACK}: x\r\n]`,
    "a: fail",
  ]],
  ["test: a\nfailure: a [\nx\n]", [
    "a: inprogress",
    `a: [${TRACEBACK}: x\n]`,
    "a: fail",
  ]],
  [
    "test: a\nfailure: a [ multipart\n" +
    "Content-Type: text/plain;charset=utf8,x=y\nlog\n" +
    "6\r\n]\ntestA\r\n: x\n\r\n]\n\xc30\r\n" +
    "Content-Type: text/x\nempty\n0\r\n\n" +
    "Content-Type: a/b; c=d/e\n\n1\nx0\n" +
    "]\nafter\n",
    [
      "a: inprogress",
      "a: [log text/plain;charset=utf8,x=y: ]\ntest: x\n\r\n]\nÃ\x83]",
      "a: [empty text/x: ]",
      "a: [ a/b; c=d/e: x]",
      "a: fail",
      "text after\n",
    ],
  ],
  ["test: a\nskip: a [ multipart\n]\n", ["a: inprogress", "a: skip"]],
];

/** Failures that no start of a test announced. */
const STRAY: Vector[] = [
  ["failure: a [\nx\n]\n", [`a: [${TRACEBACK}: x\n]`, "a: fail"]],
  ["error: setUpClass (b) [ multipart\n]\n", ["setUpClass (b): fail"]],
  // cmocka 1.1.5, of a group whose set-up fails.
  ["error: db [ [  FAILED  ] GROUP SETUP ]\n", [
    `db: fail [${TRACEBACK}: [  FAILED  ] GROUP SETUP]`,
  ]],
  // Samba's selftest.
  ["testsuite: s\ntestsuite-failure: s(dc) [\nExit code was 1\n]\n", [
    "text testsuite: s\n",
    `s(dc): [${TRACEBACK}: Exit code was 1\n]`,
    "s(dc): fail",
  ]],
  ["test: a\ntestsuite-error: s\ntestsuite-success: t\n", [
    "a: inprogress",
    "a: fail [reason text/plain;charset=utf8: Its suite failed before it ended]",
    "s: fail [reason text/plain;charset=utf8: The suite failed]",
    "text testsuite-success: t\n",
  ]],
];

/** Lines in a test that look like the start of another one. */
const STARTS: Vector[] = [
  ["test: a\ntesting the connection\nsuccess: a\ntest: b\nsuccess: b\n", [
    "a: inprogress",
    "text testing the connection\n",
    "a: success",
    "b: inprogress",
    "b: success",
  ]],
  ["test: a\ntest: b\nsuccess: a\n", [
    "a: inprogress",
    "text test: b\n",
    "a: success",
  ]],
  // An outcome names the last of them: the others broke off.
  ["test: a\ntesting prose\ntest: b\ntest: c\nskip: c [\nx\n]\n", [
    "a: inprogress",
    "text testing prose\ntest: b\ntest: c\n",
    `a: fail ${INTERRUPTED} by the test "b"]`,
    "b: inprogress",
    `b: fail ${INTERRUPTED} by the test "c"]`,
    "c: inprogress",
    "c: [reason text/plain: x\n]",
    "c: skip",
  ]],
  // The input ends: so did they.
  ["test: a\ntesting prose\ntest: b\n", [
    "a: inprogress",
    "text testing prose\ntest: b\n",
    `a: fail ${INTERRUPTED} by the test "b"]`,
    "b: inprogress",
    `b: fail ${LOST}`,
  ]],
];

const BROKEN = "malformed details application/octet-stream";

/** Tests that do not end as they should. */
const LOST_TESTS: Vector[] = [
  ["test: a\n", ["a: inprogress", `a: fail ${LOST}`]],
  ["test: a\ntext", ["a: inprogress", "text text", `a: fail ${LOST}`]],
  ["tags: x\ntest: a\ntags: y\ntest: b\nsuccess: b\nsuccess: a\n", [
    "a: inprogress",
    "text test: b\n",
    `a: fail #x #y ${INTERRUPTED} by the test "b"]`,
    "b: inprogress",
    "b: success #x",
    "text success: a\n",
  ]],
  ["test: a\nprogress: pop\n", [
    "a: inprogress",
    `a: fail ${INTERRUPTED} by a line of progress]`,
  ]],
  ...["", "x", "x\n", "x\n]x", " "].map((lines): Vector => [
    `test: a\nsuccess: a [\n${lines}`,
    [
      "a: inprogress",
      `a: [message text/plain: ${lines}]`,
      "a: fail [reason text/plain;charset=utf8: " +
      'The input ended in the details of the outcome "success"]',
    ],
  ]),
  ...[
    ["Content", `[${BROKEN}: Content]`],
    ["Content-Type: a\nx\n", `[${BROKEN}: Content-Type: a\nx\n]`],
    ["Content-Type: a/b\nn", `[${BROKEN}: n]`],
    ["Content-Type: a/b\nn\n5\r\nabc", "[n a/b: abc]"],
    ["Content-Type: a/b\nn\n5\r\nabcde", "[n a/b: abcde]"],
  ].map(([lines, file]): Vector => [
    `test: a\nfailure: a [ multipart\n${lines}`,
    [
      "a: inprogress",
      `a: ${file}`,
      "a: fail [reason text/plain;charset=utf8: " +
      'The input ended in the details of the outcome "fail"]',
    ],
  ]),
  ["test: a\nskip: a [ multipart\nContent-Type: a/b\nn\n3\r\nabcx\n ]\n]\n", [
    "a: inprogress",
    "a: [n a/b: abc]",
    `a: [${BROKEN}: x\n ]\n]`,
    "a: skip",
  ]],
];

const TAGS_AND_TIMES: Vector[] = [
  [
    "tags: x y\ntest: a\ntags: -x z\nskip: a\ntest: b\ntags -y\nxfail: b\n" +
    "tags: q -q\ntags: -x  -y\tw\u00a0v\u001cu --\ntest: c\nsuccess: c\n",
    [
      "a: inprogress",
      "a: skip #y #z",
      "b: inprogress",
      "b: xfail #x",
      "c: inprogress",
      "c: success #w #v #u",
    ],
  ],
  [
    "test: a\ntime: 2026-01-31 12:00:00.5Z\nfailure: a [\nx\n]\n" +
    "time 2026-01-31T13:00:00+01:00\r\ntext\ntest: b\n",
    [
      "a: inprogress",
      `a: [${TRACEBACK}: x\n] @2026-01-31T12:00:00.5Z`,
      "a: fail @2026-01-31T12:00:00.5Z",
      "text text\n",
      "b: inprogress @2026-01-31T12:00:00Z",
      `b: fail ${LOST} @2026-01-31T12:00:00Z`,
    ],
  ],
];

const [FOO, LINE] = [packet("foo"), packet("line\ntest: no\n")];
/** A header that claims 64 bytes, and 4 MiB. */
const CLAIM = Uint8Array.fromHex("b3290040400b");

const PACKETS: Vector[] = [
  [FOO, ["packet foo"]],
  [stream(FOO, LINE, "x", FOO, "test: a\n", FOO, "success: a\n"), [
    "packet foo",
    "packet line\ntest: no\n",
    "text x",
    "packet foo",
    "a: inprogress",
    "packet foo",
    "a: success",
  ]],
  // In the middle of a line that would be one of version 1.
  [stream("test: a", FOO, "test: b\nsuccess: b\n"), [
    "text test: a",
    "packet foo",
    "b: inprogress",
    "b: success",
  ]],
  // Details hold anything.
  [stream("test: a\nskip: a [\n", FOO, "\n]\n"), [
    "a: inprogress",
    `a: [reason text/plain: ${latin1(FOO)}\n]`,
    "a: skip",
  ]],
  [stream("test: a\nskip: a [\n", CLAIM, "\n]\n", FOO), [
    "a: inprogress",
    `a: [reason text/plain: ${latin1(CLAIM)}\n]`,
    "a: skip",
    "packet foo",
  ]],
  // A signature in a character, a character before a packet, no packets.
  [stream("Волга г\n", FOO, "г", FOO, "\n"), [
    `text ${latin1(stream("Волга г\n"))}`,
    "packet foo",
    `text ${latin1(stream("г"))}`,
    "packet foo",
    "text \n",
  ]],
  [stream("test: г\n", "success: г\n"), ["г: inprogress", "г: success"]],
  [stream("a", CLAIM, "b\ntest: a\nsuccess: a\n"), [
    `text a${latin1(CLAIM)}b\n`,
    "a: inprogress",
    "a: success",
  ]],
  [stream(FOO.with(-1, FOO.at(-1)! ^ 1), "\n", FOO), [
    `text ${latin1(FOO.with(-1, FOO.at(-1)! ^ 1))}\n`,
    "packet foo",
  ]],
  // What would hide a packet after it.
  [stream("test: a\n", Uint8Array.of(0xd0)), [
    "a: inprogress",
    "text \xd0\n",
    `a: fail ${LOST}`,
  ]],
  [Uint8Array.of(0xd0), ["text \xd0"]],
  // Half a character hides no packet.
  [stream("x", Uint8Array.of(0xe2, 0x82), FOO, Uint8Array.of(0xc3), FOO), [
    "text x\xe2\x82",
    "packet foo",
    "text \xc3",
    "packet foo",
  ]],
];

const VECTORS = [
  ...OUTCOMES,
  ...LINES,
  ...DETAILS,
  ...LOST_TESTS,
  ...STRAY,
  ...STARTS,
  ...TAGS_AND_TIMES,
  ...PACKETS,
];

Deno.test("V1Decoder finds tests, packets and text", () => {
  for (const [input, found] of VECTORS) {
    assertEquals(decodeChunks([stream(input)]), found, String(input));
  }
});

Deno.test("V1Decoder finds the same however the input is cut", () => {
  for (const [input, found] of VECTORS) {
    const bytes = stream(input);
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assertEquals(decodeChunks(single), found, String(input));
    for (let at = 0; at <= bytes.length; at++) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      assertEquals(decodeChunks(halves), found, `${input} cut at ${at}`);
    }
  }
});

Deno.test("V1Decoder finds the same in any mixture and cut, seed 4", () => {
  const part = fc.oneof(
    fc.constantFrom(...VECTORS.map(([input]) => stream(input))),
    fc.constantFrom(
      ..."test: a\n|test: a|success: a|success: a [|failure: a [ multipart|\n|]\n| |\r\n|time: |2026-01-31 12:00:00Z|tags: |x|progress: |1|Content-Type: a/b\n|5\r\n|0\r\n|г|\ud83d\ude00"
        .split("|").map((text) => stream(text)),
    ),
    fc.constantFrom(FOO, LINE, CLAIM, FOO.subarray(0, 9), Uint8Array.of(0xd0)),
    fc.uint8Array({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 20 }),
      fc.array(fc.nat(200), { maxLength: 10 }),
      (parts, cuts) => {
        const bytes = concat(parts);
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, i) =>
          bytes.subarray(places[i], end)
        );
        assertEquals(decodeChunks(chunks), decodeChunks([bytes]));
      },
    ),
    { seed: 4, numRuns: 5000 },
  );
});

Deno.test("V1Decoder without packets takes them for text", () => {
  const input = stream("x", LINE, "y\n");
  assertEquals(decodeChunks([input], { detectsPackets: false }), [
    `text ${latin1(input.subarray(0, input.indexOf(0x0a) + 1))}`,
    "no: inprogress",
    `text ${latin1(input.subarray(input.indexOf(0x0a) + 10))}`,
    `no: fail ${LOST}`,
  ]);
});

Deno.test("V1Decoder passes on all bytes of other text, seed 5", () => {
  const decoder = (text: Uint8Array[]) =>
    new V1Decoder({
      event() {},
      packet: ({ bytes }) => text.push(bytes.slice()),
      text: (bytes) => text.push(bytes.slice()),
    });
  const noise = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(FOO, CLAIM, stream("г"), stream("success: a [\n")),
    ),
  );
  fc.assert(
    fc.property(noise, (parts) => {
      const found: Uint8Array[] = [];
      const reader = decoder(found);
      for (const part of parts) reader.push(part);
      reader.end();
      assertEquals(concat(found), concat(parts));
    }),
    { seed: 5, numRuns: 1000 },
  );
});

Deno.test("V1Decoder emits text as soon as it can be nothing else", () => {
  const cases: [string, boolean][] = [
    ["a prompt> ", true],
    ["tes", false],
    ["test: a pro", false],
    ["test:", false],
    ["testi", false],
    ["teste", true],
    ["success: a", true],
    ["time: 2026-", false],
    [`time: ${"x".repeat(100)}`, true],
    ["progress: ", false],
    // Outside of a test it may have details, at the end of its line.
    ["error: no such file", false],
    [`error: ${"x".repeat(5000)}`, true],
    [`test: ${"x".repeat(300_000)}`, true],
  ];
  for (const [input, isText] of cases) {
    const text: Uint8Array[] = [];
    new V1Decoder({
      event() {},
      packet() {},
      text: (bytes) => text.push(bytes.slice()),
    }).push(stream(input));
    assertEquals(
      new TextDecoder().decode(concat(text)),
      isText ? input : "",
      input.slice(0, 40),
    );
  }
});

Deno.test("V1Decoder gives text in a test once it cannot be its outcome", () => {
  const texts: string[] = [];
  const decoder = new V1Decoder({
    event() {},
    packet() {},
    text: (bytes) => texts.push(latin1(bytes)),
  });
  decoder.push(stream("test: abc\nsuccess: ab"));
  assertEquals(texts, []);
  decoder.push(stream("d"));
  assertEquals(texts, ["success: abd"]);
  decoder.push(stream("\nsuccess: abc [ multi"));
  assertEquals(texts, ["success: abd", "\n"]);
  decoder.push(stream("ply"));
  assertEquals(texts.slice(2), ["success: abc [ multiply"]);
});

Deno.test("V1Decoder gives an event as soon as its line has ended", () => {
  const found: string[] = [];
  const decoder = new V1Decoder({
    event: (event) => found.push(show(event)),
    packet() {},
    text() {},
  });
  decoder.push(stream("test: a\nsuccess: a\n", CLAIM, "test: b\n"));
  assertEquals(found, ["a: inprogress", "a: success"]);
});

Deno.test("V1Decoder gives events a route code, and the current time before the first time line", () => {
  let seconds = 0;
  const now = (): Timestamp => ({ seconds: ++seconds, nanoseconds: 0 });
  const input =
    "test: a\nskip: a [\nx\n]\ntime: 2026-01-31 12:00:00Z\ntest: b\n";
  assertEquals(decodeChunks([stream(input)], { now, routeCode: "r" }), [
    "a: (r) inprogress @1970-01-01T00:00:01Z",
    "a: (r) [reason text/plain: x\n] @1970-01-01T00:00:02Z",
    "a: (r) skip @1970-01-01T00:00:03Z",
    "b: (r) inprogress @2026-01-31T12:00:00Z",
    `b: (r) fail ${LOST} @2026-01-31T12:00:00Z`,
  ]);
});

Deno.test("V1Decoder gives long files in parts", () => {
  const line = "x".repeat(999) + "\n";
  const sizes: number[] = [];
  let last: boolean | undefined;
  const decoder = new V1Decoder({
    event({ fileBytes, eof }) {
      if (fileBytes === undefined) return;
      sizes.push(fileBytes.length);
      last = eof;
    },
    packet() {},
    text() {},
  });
  decoder.push(stream("test: a\nskip: a [\n"));
  for (let i = 0; i < 30; i++) decoder.push(stream(line.repeat(100)));
  assertEquals(sizes, [2 ** 20, 2 ** 20]);
  decoder.push(stream("]\n"));
  assertEquals(sizes, [2 ** 20, 2 ** 20, 3e6 - 2 ** 21]);
  assertEquals(last, true);
});

Deno.test("V1Decoder ends in details when its last chunk is detached", () => {
  const statuses: (string | undefined)[] = [];
  const decoder = new V1Decoder({
    event: ({ status }) => statuses.push(status),
    packet() {},
    text() {},
  });
  const chunk = new TextEncoder().encode("test: a\nfailure: a [\nno disk\n");
  decoder.push(chunk);
  // The reader of a pipe has its buffer back.
  chunk.buffer.transfer();
  decoder.end();
  assertEquals(statuses, ["inprogress", undefined, "fail"]);
});

Deno.test("V1Decoder cannot be pushed to after its end", () => {
  const decoder = new V1Decoder({ event() {}, packet() {}, text() {} });
  decoder.end();
  decoder.end();
  assertThrows(() => decoder.push(new Uint8Array(1)), TypeError);
});

Deno.test("V1Decoder takes linear time on claims in one another", () => {
  const claims = new Uint8Array(12_000_000);
  const header = Uint8Array.fromHex("b32000bfffff");
  for (let at = 0; at < claims.length; at += 6) claims.set(header, at);
  let bytes = 0;
  const decoder = new V1Decoder({
    event() {},
    packet() {},
    text: (text) => bytes += text.length,
  });
  // Without a limit on CRCs, one of 4 MiB for each of two million headers takes
  // an hour; scripts/bench/growth.ts measures it.
  for (let at = 0; at < claims.length; at += 65536) {
    decoder.push(claims.subarray(at, at + 65536));
  }
  decoder.end();
  assertEquals(bytes, claims.length);
});

Deno.test("V1Decoder's events have the keys of their packets", () => {
  const labels: [label: Uint8Array, testId: string][] = [
    ...["a", "a test of some length", "тест"].map((testId) =>
      [encoder.encode(testId), testId] as [Uint8Array, string]
    ),
    [Uint8Array.of(0xff), "ÿ"],
  ];
  for (const routeCode of [undefined, "0/1"]) {
    for (const [label, testId] of labels) {
      const collator = new TestCollator();
      const found: unknown[] = [];
      const decoder = new V1Decoder({
        event: (event) => {
          // The start as a packet, the end as it is.
          const test = event.status === "inprogress"
            ? collator.add(decodePacket(encodePacket(event)))
            : collator.add(event);
          if (test) found.push([test.testId, test.routeCode, collator.size]);
        },
        packet() {},
        text() {},
      }, { routeCode });
      decoder.push(stream("test: ", label, "\nsuccess: ", label, "\n"));
      decoder.end();
      assertEquals(found, [[testId, routeCode, 0]]);
    }
  }
});
