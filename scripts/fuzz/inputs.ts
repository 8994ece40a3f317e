/**
 * Inputs to try: recorded and generated streams, and what mutations make of
 * them. The same seed makes the same inputs.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { eventToJson, type StatusEvent } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import { TapDecoder } from "@subunit/codec/tap";
import { fixture } from "../../tests/support/run.ts";
import {
  anyEvent,
  anyRun,
  noisyStream,
  sample,
  stream,
} from "../../tests/support/streams.ts";
import { checksum, claimAt, packetsIn } from "./reader.ts";

/** The formats, by the extension of their files. */
export const FORMATS = [
  "v2",
  "v1",
  "tap",
  "xml",
  "gojson",
  "json",
  "cbor",
] as const;
export type Format = typeof FORMATS[number];

/** A stream, and the format in which it is, or was. */
export interface Input {
  readonly format: Format;
  readonly bytes: Uint8Array;
}

/** Random numbers from a seed: xorshift, with a state that is never 0. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995 || 1;
    for (let i = 0; i < 8; i++) this.below(1);
  }

  /** An integer from 0 to `count` - 1. */
  below(count: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % count;
  }

  pick<T>(values: ArrayLike<T>): T {
    return values[this.below(values.length)];
  }
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  jsonl: "gojson",
  subunit: "v2",
};

function formatOf(path: string): Format | undefined {
  const extension = path.slice(path.lastIndexOf(".") + 1);
  return EXTENSIONS[extension] ??
    FORMATS.find((format) => format === extension);
}

/** Returns the input in a file; its name ends in the format. */
export function readInput(path: string): Input {
  const format = formatOf(path);
  if (format === undefined) {
    throw new Error(`Cannot read ${path}: expected .${FORMATS.join(" .")}`);
  }
  return { format, bytes: Deno.readFileSync(path) };
}

/** The kept inputs that broke a law once, and others of their kind. */
export const CORPUS: string = fixture("fuzz");

function recorded(folder = fixture("")): Input[] {
  return Array.from(Deno.readDirSync(folder))
    .toSorted((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return name === "suites" ? [] : recorded(path);
      return formatOf(name) === undefined ? [] : [readInput(path)];
    });
}

/** Returns the inputs that mutations start from. */
export function startingInputs(seed: number): Input[] {
  const files = recorded();
  const events: StatusEvent[] = sample(anyEvent(), 100, seed);
  const runs = sample(anyRun({ parents: true }), 8, seed);
  const records = [
    ...runs.map((run) => run.map((event) => ({ runnable: true, ...event }))),
    ...events.filter((event) => stream(event).length < 1000).map((e) => [e]),
    ...files.filter(({ format }) => format === "tap").map(({ bytes }) => {
      const tap = new TapDecoder();
      return [...tap.push(bytes), ...tap.end()];
    }),
  ];
  return [
    ...files,
    ...sample(noisyStream, 30, seed).map((bytes): Input => ({
      format: "v2",
      bytes,
    })),
    ...records.flatMap((events): Input[] => [
      { format: "v2", bytes: stream(...events) },
      {
        format: "json",
        bytes: stream(...events.map((e) => eventToJson(e) + "\n")),
      },
      { format: "cbor", bytes: concat(events.map(eventToCbor)) },
    ]),
  ];
}

/** Where formats, encodings and numbers have their borders, in hex. */
const BORDERS = `
b3 d0 e2 e2b3 f09f e9 00 ff efbbbf eda080 0a 0d 0d0a 09 0b 7f c285 e280a8 1b5b33316d
b329 b32901 b3290107 b329013f b329014040 b3290180 b32b01 b3290140c0 b32901bfffff
b32901c0ffffff b3390107 b33001 3f 4040 7fff 804000 bfffff c0000000 ffffffff
9f bf 5f 7f 81 a1 d9d9f7 f97e00 fb7ff0000000000000 1bffffffffffffffff c0
c1fb41d452d9e20000 5b0000000100000000`;

/** Pieces of the formats, and values that they cannot hold. */
const WORDS = String.raw`
0|-1|1e400|99999999999999999999|NaN|0x7f|1,5|Infinity|null|true|[|{|"|}|,|\ud800|\u0000
9999-12-31T23:59:59Z|1969-12-31 23:59:59Z|2106-02-07T06:28:16Z|    |  |# Subtest: a
test: a|success: a|failure: a [|error: a [ multipart|]|time: 2026-01-31 01:02:03Z
tags: a -b|progress: push|ffffffff|1..9999999|1..0|ok|not ok 1 - a # TODO|ok 2 # SKIP
  ---|  ...|Bail out!|TAP version 14| {|<testsuite>|<testcase name='a'>|</testcase>
<failure/>|<a:b/>|<![CDATA[|]]>|<!--|<!DOCTYPE a [<!ENTITY b 'c'>]>|&b;|&#0;|&
<?xml version='1.0' encoding='utf-16'?>| time='1e400'| tests='-1'|"Elapsed":1e400,
{"Action":"fail","Package":"p"}|{"Action":"run","Test":"T"}|"Time":"x",|"__proto__":1,
"timestamp":"2026-01-31T01:02:03.1234567891Z",`;

/** What is inserted; words also as lines. */
const SNIPPETS: readonly Uint8Array[] = [
  ...BORDERS.trim().split(/\s/).map((hex) => Uint8Array.fromHex(hex)),
  ...WORDS.slice(1).split(/[|\n]/).flatMap((word) => [
    stream(word),
    stream(`\n${word}\n`),
  ]),
];

type Mutation = (
  bytes: Uint8Array,
  random: Random,
  other: Uint8Array,
) => Uint8Array;

/** Returns `bytes` with those from `start` to `end` replaced. */
function replace(
  bytes: Uint8Array,
  start: number,
  end: number,
  ...by: Uint8Array[]
): Uint8Array {
  return concat([bytes.subarray(0, start), ...by, bytes.subarray(end)]);
}

/** Two offsets in order, the second at most `most` behind the first. */
function range(bytes: Uint8Array, random: Random, most = 64): [number, number] {
  const start = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, start + random.below(most + 1));
  return [start, end];
}

const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const changed = bytes.slice();
    if (bytes.length > 0) {
      changed[random.below(bytes.length)] ^= 1 << random.below(8);
    }
    return changed;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  (bytes, random) => replace(bytes, ...range(bytes, random)),
  insert,
  insert,
  insert,
  function overwrite(bytes, random) {
    const [start] = range(bytes, random), snippet = random.pick(SNIPPETS);
    return replace(bytes, start, start + snippet.length, snippet);
  },
  function repeat(bytes, random) {
    const [start, end] = range(bytes, random);
    const count = random.pick([1, 1, 2, 63, 64, 300]);
    return replace(
      bytes,
      end,
      end,
      ...Array(count).fill(bytes.subarray(start, end)),
    );
  },
  function swap(bytes, random) {
    const [a, b] = range(bytes, random);
    const c = Math.min(bytes.length, b + random.below(64));
    return replace(bytes, a, c, bytes.subarray(b, c), bytes.subarray(a, b));
  },
  function splice(bytes, random, other) {
    const [start, end] = range(other, random, 400), [at] = range(bytes, random);
    return replace(bytes, at, at, other.subarray(start, end));
  },
  function nest(bytes, random, other) {
    const [start, end] = range(other, random, 16_400);
    const fileBytes = concat([bytes, other.subarray(start, end)]);
    return stream({
      testId: "outer",
      fileName: "inner",
      fileBytes: fileBytes.slice(0, 3e6),
    }, other.subarray(0, end));
  },
  sign,
  sign,
  function number(bytes, random) {
    const values = "0 -1 1e400 99999999999999999999 4294967296 1,5".split(" ");
    const all = [...asText(bytes).matchAll(/\d+/g)];
    if (all.length === 0) return bytes;
    const { index, 0: old } = random.pick(all), shown = asText(bytes);
    return stream(
      shown.slice(0, index) + random.pick(values) +
        shown.slice(index + old.length),
    );
  },
  (bytes) => stream(asText(bytes).replaceAll(/\r?\n/g, "\r\n")),
  function utf16(bytes, random) {
    const isBig = random.below(2) === 1;
    const units = Array.from(
      "\ufeff" + asText(bytes.subarray(0, 4000)),
      (c) => c.charCodeAt(0),
    );
    return Uint8Array.from(
      units.flatMap((u) => isBig ? [u >> 8, u & 255] : [u & 255, u >> 8]),
    );
  },
];

function insert(bytes: Uint8Array, random: Random): Uint8Array {
  const [at] = range(bytes, random);
  return replace(bytes, at, at, random.pick(SNIPPETS));
}

/** Around the borders of numbers in packets, and single bits. */
const SIGNED = Uint8Array.fromHex("0001023f407f80b3bfff");

/** Changes a byte of a packet, or what follows a header, and signs the result. */
function sign(bytes: Uint8Array, random: Random): Uint8Array {
  const packets = packetsIn(bytes);
  if (packets.length === 0) return bytes;
  const changed = bytes.slice(), { start, end } = random.pick(packets);
  const at = start + 1 + random.below(end - start - 5);
  changed[at] = random.pick(SIGNED) ^ (random.below(2) && changed[at]);
  const stop = start + (claimAt(changed, start) ?? 0);
  if (stop < start + 8 || stop > bytes.length) return changed;
  new DataView(changed.buffer).setUint32(
    stop - 4,
    checksum(changed.subarray(start, stop - 4)),
  );
  return changed;
}

/** Longer inputs are cut: they take time and show nothing more. */
const MAX_BYTES = 32 * 1024;

/** Returns the input of a number: of the starting ones, mutated up to 6 times. */
export function inputOf(
  random: Random,
  starting: readonly Input[],
): Input {
  // A format first: recordings of some formats are many more than of others.
  const format = random.pick(FORMATS);
  const { bytes } = random.pick(
    starting.filter((input) => input.format === format),
  );
  let mutated = bytes;
  for (let count = random.below(7); count > 0; count--) {
    mutated = random.pick(MUTATIONS)(
      mutated,
      random,
      random.pick(starting).bytes,
    );
    mutated = mutated.subarray(0, MAX_BYTES);
  }
  return { format, bytes: mutated };
}
