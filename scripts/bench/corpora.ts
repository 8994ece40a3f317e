/**
 * The benchmark's corpora: made once by our own encoder, and the same on every
 * machine.
 *
 * A corpus repeats a block of pieces, so that it is made quickly and a shorter
 * one is the beginning of a longer one.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { eventToCbor } from "@subunit/codec/cbor";
import {
  encodePacket,
  eventToJson,
  formatTimestamp,
  type StatusEvent,
} from "@subunit/codec";
import { SCRATCH } from "./commands.ts";

/** An indivisible part of a corpus: a packet, a line, a test in TAP. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** The number of packets that it is or is converted to. */
  readonly packets: number;
}

/** A corpus on disk. */
export interface Corpus {
  readonly path: string;
  readonly bytes: number;
  readonly packets: number;
}

interface Recipe {
  /** The length of the corpus; the last piece may exceed it. */
  readonly bytes: number;
  /** The bytes before the first piece. */
  readonly head?: Piece;
  block(): Iterable<Piece>;
  /** The pieces at the end, given the number of packets before. */
  tail?(packets: number): Iterable<Piece>;
}

const MB = 1e6;
const TESTS = 20_000;
const LINES_PER_TEST = 2000;
const ATTACHMENT_BYTES = 60 * 1024;
/** Flags without a field, and the greatest length of a packet, 4194303. */
const HOSTILE_HEADER = Uint8Array.fromHex("b32000bfffff");

const RECIPES = {
  /** Packets of 80 bytes on average: the start and the end of each test. */
  small: {
    bytes: 300 * MB,
    block: () => smallEvents().map((event) => packet(event)),
  },
  /**
   * The same with a traceback for each failed test. It ends with a whole test,
   * because Python's CSV fails on lost tests.
   */
  tracebacks: {
    bytes: 300 * MB,
    block: () =>
      pairs(smallEvents()).map(([start, end]) =>
        joined([start, ...tracebackOf(end), end].map((event) => packet(event)))
      ),
  },
  /** Text in ASCII, and a test from time to time. */
  buildlog: {
    bytes: 300 * MB,
    block: () => logWithTests(20, buildLine),
  },
  /** Text with a 0xB3 in most words, and a test from time to time. */
  cyrillic: {
    bytes: 100 * MB,
    block: () => logWithTests(10, cyrillicLine),
  },
  /** Tests with 60 KB of text attached. */
  attachments: {
    bytes: 300 * MB,
    block: () => testsWithLogs(100),
  },
  /**
   * Headers inside each other's claims, then valid packets. The corpus is several
   * claims long, because claims that exceed it need no CRC.
   */
  hostile: {
    bytes: 32 * MB,
    block: () =>
      Array.from({ length: 4096 }, () => ({
        bytes: HOSTILE_HEADER,
        packets: 0,
      })),
    tail: () => smallEvents(500).map((event) => packet(event)),
  },
  /** Points without numbers, so that the block can be repeated. */
  tap: {
    bytes: 20 * MB,
    block: () => Array.from({ length: TESTS }, (_, i) => text(tapPoint(i), 1)),
    tail: (points: number) => [text(`1..${points}\n`)],
  },
  /** The beginning of `small` as JSON lines: 200,000 packets. */
  json: {
    bytes: 36.4 * MB,
    block: () => smallEvents().map((e) => text(eventToJson(e) + "\n", 1)),
  },
  /** The tests of `small` in the text protocol, version 1. */
  v1: {
    bytes: 100 * MB,
    block: () =>
      pairs(smallEvents()).map(([a, b]) => text(legacyTest(a, b), 2)),
  },
  /** The tests of `small` as pytest reports them. */
  junit: {
    bytes: 100 * MB,
    head: text('<testsuite timestamp="2026-01-31T12:00:00">\n'),
    block: () => pairs(smallEvents()).map(([, end]) => text(junitCase(end), 2)),
    tail: () => [text("</testsuite>\n")],
  },
  /** The tests of `small` as `go test -json` prints them. */
  gojson: {
    bytes: 100 * MB,
    block: () => pairs(smallEvents()).map((pair) => text(goLines(...pair), 2)),
  },
  /** The beginning of `small` as a CBOR sequence: 200,000 packets. */
  cbor: {
    bytes: 30 * MB,
    block: () =>
      smallEvents().map((event) => ({
        bytes: eventToCbor(event),
        packets: 1,
      })),
  },
} satisfies Record<string, Recipe>;

/** The name of a corpus. */
export type CorpusName = keyof typeof RECIPES;

const blocks = new Map<CorpusName, readonly Piece[]>();

/** Returns the default length of a corpus. */
export function corpusBytes(name: CorpusName): number {
  return RECIPES[name].bytes;
}

/**
 * Returns the first `bytes` of a corpus, to the end of a piece, as a file; makes
 * it unless a file of that name and size exists.
 */
export function makeCorpus(
  name: CorpusName,
  bytes: number = corpusBytes(name),
): Corpus {
  const recipe: Recipe = RECIPES[name];
  const block = blocks.getOrInsertComputed(name, () => [...recipe.block()]);
  const { times, rest } = cut(block, bytes);
  const packets = times * sum(block, "packets") + sum(rest, "packets");
  const end = [...rest, ...recipe.tail?.(packets) ?? []];
  const head = recipe.head?.bytes ?? new Uint8Array(0);
  const corpus = {
    path: new URL(`${name}-${bytes}`, SCRATCH).pathname,
    bytes: head.length + times * sum(block, "bytes") + sum(end, "bytes"),
    packets: packets + sum(end.slice(rest.length), "packets"),
  };
  if (sizeOf(corpus.path) !== corpus.bytes) {
    write(corpus.path, head, join(block), times, join(end));
  }
  return corpus;
}

/** Makes a guideline of all tests of the corpus "small", and returns its path. */
export function makeGuideline(): string {
  const path = new URL("guideline.json", SCRATCH).pathname;
  const tests = Array.from({ length: TESTS }, (_, test) => testId(test));
  const capabilities = { all: { tests } };
  const json = JSON.stringify({ product: "small", capabilities });
  Deno.mkdirSync(SCRATCH, { recursive: true });
  Deno.writeTextFileSync(path, json);
  return path;
}

/** Returns how often a block fits into `bytes`, and the pieces that fill the rest. */
export function cut(
  block: readonly Piece[],
  bytes: number,
): { times: number; rest: readonly Piece[] } {
  const blockBytes = sum(block, "bytes");
  const rest: Piece[] = [];
  let left = bytes % blockBytes;
  for (const piece of block) {
    if (left <= 0) break;
    rest.push(piece);
    left -= piece.bytes.length;
  }
  return { times: Math.floor(bytes / blockBytes), rest };
}

function sum(pieces: readonly Piece[], what: keyof Piece): number {
  return pieces.reduce(
    (sum, { bytes, packets }) =>
      sum + (what === "bytes" ? bytes.length : packets),
    0,
  );
}

function join(pieces: readonly Piece[]): Uint8Array {
  return concat(pieces.map(({ bytes }) => bytes));
}

function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}

function write(
  path: string,
  head: Uint8Array,
  block: Uint8Array,
  times: number,
  end: Uint8Array,
): void {
  Deno.mkdirSync(SCRATCH, { recursive: true });
  using file = Deno.openSync(path, {
    write: true,
    create: true,
    truncate: true,
  });
  const writeAll = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      at += file.writeSync(bytes.subarray(at));
    }
  };
  writeAll(head);
  for (let i = 0; i < times; i++) writeAll(block);
  writeAll(end);
}

function packet(event: StatusEvent): Piece {
  return { bytes: encodePacket(event), packets: 1 };
}

/** Joins pieces. */
function joined(pieces: readonly Piece[]): Piece {
  return { bytes: join(pieces), packets: sum(pieces, "packets") };
}

function text(text: string, packets = 0): Piece {
  return { bytes: new TextEncoder().encode(text), packets };
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}

function testId(test: number): string {
  const module = padded(test % 17, 2), testCase = padded(test % 311, 3);
  return `package.module_${module}.TestCase${testCase}.test_name_${
    padded(test, 6)
  }`;
}

function startOf(test: number): StatusEvent {
  return {
    testId: testId(test),
    status: "inprogress",
    runnable: true,
    routeCode: `worker-${test % 4}`,
    timestamp: { seconds: 1.7e9 + test, nanoseconds: 123456000 },
  };
}

function endOf(test: number): StatusEvent {
  return {
    ...startOf(test),
    status: test % 50 === 0 ? "fail" : test % 40 === 0 ? "skip" : "success",
    tags: [test % 3 === 0 ? "slow-suite" : "fast-suite"],
    timestamp: { seconds: 1.7e9 + test, nanoseconds: 987654000 },
  };
}

function smallEvents(tests: number = TESTS): StatusEvent[] {
  return Array.from(
    { length: tests },
    (_, test) => [startOf(test), endOf(test)],
  )
    .flat();
}

/** Returns an event with the traceback of a failed test; none for others. */
function tracebackOf(
  { testId, status, routeCode }: StatusEvent,
): StatusEvent[] {
  if (status !== "fail") return [];
  const lines = [
    "Traceback (most recent call last):",
    '  File "package/module.py", line 42, in test_name',
    "    self.assertEqual(1, 2)",
    "AssertionError: 1 != 2",
    "",
  ];
  return [{
    testId,
    runnable: true,
    fileName: "traceback",
    fileBytes: new TextEncoder().encode(lines.join("\n")),
    mimeType: 'text/x-traceback;language="python";charset="utf8"',
    eof: true,
    routeCode,
  }];
}

function pairs<T>(values: readonly T[]): [T, T][] {
  return Array.from(
    { length: values.length / 2 },
    (_, i) => [values[2 * i], values[2 * i + 1]],
  );
}

function* logWithTests(
  tests: number,
  line: (number: number) => string,
): Generator<Piece> {
  for (let test = 0; test < tests; test++) {
    for (let i = 0; i < LINES_PER_TEST; i++) {
      yield text(line(test * LINES_PER_TEST + i));
    }
    yield packet(startOf(test));
    yield packet(endOf(test));
  }
}

function buildLine(number: number): string {
  const percent = String(number % 101).padStart(3);
  const directory = `src/module_${number % 23}`;
  return number % 7 === 0
    ? `${directory}/file_${number}.cpp:${
      number % 900
    }:12: warning: unused variable 'it' [-Wunused-variable]\n`
    : `[${percent}%] Building CXX object ${directory}/CMakeFiles/core.dir/file_${number}.cpp.o\n`;
}

function cyrillicLine(number: number): string {
  return number % 3 === 0
    ? `г. Волгоград, шаг ${number}: погрешность программы не больше другого порога\n`
    : `Загрузка конфигурации ${number}: когда-нибудь готово, нагрузка много ниже\n`;
}

function* testsWithLogs(tests: number): Generator<Piece> {
  let log = "";
  for (let i = 0; log.length < ATTACHMENT_BYTES; i++) log += buildLine(i);
  const fileBytes = new TextEncoder().encode(log.slice(0, ATTACHMENT_BYTES));
  for (let test = 0; test < tests; test++) {
    yield packet(startOf(test));
    yield packet({
      testId: testId(test),
      runnable: true,
      fileName: "build.log",
      fileBytes,
      mimeType: "text/plain;charset=utf8",
      eof: true,
      routeCode: `worker-${test % 4}`,
    });
    yield packet(endOf(test));
  }
}

function tapPoint(test: number): string {
  if (test % 50 === 0) {
    return `not ok - ${testId(test)}\n# expected ${test}, got ${test + 1}\n`;
  }
  return test % 40 === 0
    ? `ok - ${testId(test)} # SKIP no network\n`
    : `ok - ${testId(test)}\n`;
}

function legacyTest(start: StatusEvent, end: StatusEvent): string {
  const time = (event: StatusEvent) =>
    formatTimestamp(event.timestamp!).replace("T", " ");
  const [word, details] = end.status === "fail"
    ? ["failure", " [\nTraceback: expected 1, got 2\n]"]
    : [end.status, ""];
  return `time: ${time(start)}\ntest: ${start.testId}\n` +
    `time: ${time(end)}\n${word}: ${end.testId}${details}\n`;
}

function junitCase({ testId, status }: StatusEvent): string {
  const at = testId!.lastIndexOf(".");
  const names = `classname="${testId!.slice(0, at)}" name="${
    testId!.slice(at + 1)
  }"`;
  const content = status === "fail"
    ? `<failure message="expected 1, got 2">Traceback: &lt;module&gt;</failure>`
    : status === "skip"
    ? `<skipped message="no network" />`
    : "";
  return `  <testcase ${names} time="0.864">${content}</testcase>\n`;
}

function goLines(start: StatusEvent, end: StatusEvent): string {
  const Test = start.testId!.replaceAll(".", "/");
  const line = (event: StatusEvent, Action: string, more = {}) =>
    JSON.stringify({
      Time: formatTimestamp(event.timestamp!),
      Action,
      Package: "example.org/project/package",
      Test,
      ...more,
    }) + "\n";
  const word = end.status === "success" ? "pass" : end.status!;
  return line(start, "run") +
    line(start, "output", { Output: `=== RUN   ${Test}\n` }) +
    line(end, "output", { Output: `--- ${word.toUpperCase()}: ${Test}\n` }) +
    line(end, word, { Elapsed: 0.86 });
}
