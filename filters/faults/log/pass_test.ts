import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { DAY, NOW, packet } from "../../../tests/support/fault_packets.ts";
import { isCi } from "../../../tests/support/run.ts";
import { encodeValue, hasNoKey, type Value } from "./cbor.ts";
import {
  faultsIn,
  isConflict,
  isEmpty,
  isUnexplained,
  listed,
  readClasses,
} from "./classes.ts";
import { encodeSighting } from "./collated.ts";
import { encodeEvent, eventId } from "./event.ts";
import { findByPass, readerFor } from "./pass.ts";
import { matcher, parseQuery } from "./query.ts";
import {
  experienceOf,
  type Found,
  ordered,
  type QueryPlan,
  type Rank,
  RunCounts,
} from "./ranking.ts";
import { LogReader, type LogSource } from "./reader.ts";

const SEED = 20261128;
const now = { seconds: NOW, nanoseconds: 0 };

/** A log in memory, and how often it was read. */
class Source implements LogSource {
  readonly #bytes: Uint8Array;
  readings = 0;

  constructor(packets: readonly Uint8Array[]) {
    this.#bytes = concat(packets);
  }

  forEachRows(...take: Parameters<LogSource["forEachRows"]>): void {
    this.readings++;
    const decoder = new PacketDecoder();
    decoder.push(this.#bytes);
    decoder.end();
    decoder.drainRows(...take);
  }
}

function countsIn(reader: LogReader): RunCounts {
  const counts = new RunCounts();
  counts.addPackets(reader.packetsOf("fault:runs"));
  return counts;
}

/** What a query finds among all faults. */
function findAmongAll(source: LogSource, plan: QueryPlan): Found[] {
  const { words, ranks, window } = plan, matches = matcher(words, now);
  const reader = new LogReader(source), counts = countsIn(reader);
  const found = [...readClasses(reader, { now })].filter((it) =>
    !isEmpty(it) && matches(it) && (!plan.conflict || isConflict(it)) &&
    (!plan.unexplained || isUnexplained(it))
  ).map((it) => ({
    it: listed(it),
    experience: experienceOf(it, window, counts),
  })).filter(({ experience: { runs, automated } }) =>
    runs + automated > 0 || (ranks === undefined && window === undefined)
  );
  return ordered(found, ranks).slice(0, plan.top);
}

function find(source: LogSource, plan: QueryPlan, spare?: number) {
  const prepare = (reader: LogReader) =>
    Promise.resolve({ counts: countsIn(reader), folding: { now } });
  return findByPass(source, plan, prepare, spare);
}

/** The faults with some words that were seen last. */
function newest(words: string, top: number): QueryPlan {
  return {
    words: parseQuery(words),
    now,
    window: undefined,
    ranks: undefined,
    top,
    conflict: false,
    unexplained: false,
  };
}

const ranks = fc.constantFrom<readonly Rank[]>(
  ["runs", "origins"],
  ["origins", "runs"],
  ["rate"],
  ["rate", "runs"],
  ["tests"],
);
const words = fc.constantFrom(
  "",
  "state:fail",
  "state:success,skip",
  "-state:fail",
  "tag:t1",
  "-tag:t1",
  "tag:t2 state:fail -title:shop",
  "seen:10d",
  "origin:ci-1 -seen:30d",
  "test:pkg/* -kind:k2",
  // More than are looked at as evidence.
  "tag:t0,t1,t2 tag:t0,t1 seen:70d seen:60d seen:50d test:* origin:ci-0,ci-1 origin:ci-0 origin:ci-1",
  "title:shop",
  "title:k,refused",
  'title:"k shop"',
  'title:"shop connection","a b"',
  'title:"naïve shop"',
  'title:"x shop connection"',
  "id:f1",
  "id:f1,f4 state:fail",
  "id:f seen:10d",
  "id:f2 id:f3",
  "-id:f2",
)
  .map(parseQuery);
const plan = fc.record({
  words,
  ranks: fc.option(ranks, { nil: undefined }),
  window: fc.constantFrom(undefined, 1, 20, 9999).map((days) =>
    days === undefined ? days : { seconds: days * DAY, now }
  ),
  top: fc.constantFrom(0, 1, 2, 4, Infinity),
  conflict: fc.constantFrom(false, false, true),
  unexplained: fc.constantFrom(false, false, true),
}).map((plan): QueryPlan => ({ ...plan, now }));

Deno.test("findByPass finds what is found among all faults", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(packet, { minLength: 1, maxLength: 40 }),
      plan,
      fc.nat(3),
      async (makers, plan, spare) => {
        const packets: Uint8Array[] = [];
        for (const make of makers) packets.push(make(packets.slice()));
        const source = new Source(packets);
        assertEquals(
          // With fewer faults than are listed twice, all are looked at.
          await find(source, plan, spare - 2 * Math.min(plan.top, 4)),
          findAmongAll(source, plan),
        );
      },
    ),
    { seed: SEED, numRuns: isCi ? 5000 : 300 },
  );
});

Deno.test("readerFor has all faults that match, and what they are the same as", () => {
  fc.assert(
    fc.property(
      fc.array(packet, { minLength: 1, maxLength: 40 }),
      words,
      (makers, words) => {
        const packets: Uint8Array[] = [];
        for (const make of makers) packets.push(make(packets.slice()));
        const source = new Source(packets), matches = matcher(words, now);
        const [some, all] = [
          readerFor(source, words, now),
          new LogReader(source),
        ].map((reader) => [
          [...faultsIn(readClasses(reader, { now }), matches)].sort(),
          reader.packetsOf("fault:runs"),
        ]);
        assertEquals(some, all);
      },
    ),
    { seed: SEED, numRuns: isCi ? 5000 : 300 },
  );
});

Deno.test("findByPass finds the newest among faults that cannot be told apart", async () => {
  // So many that some share a slot.
  const packets: Uint8Array[] = [];
  for (let i = 0; i < 4000; i++) {
    const fault = `fault:x${i}`;
    packets.push(
      encodeEvent({ fault, kind: "title", value: i % 3 ? "shop" : "cart" }),
      encodeSighting({
        fault,
        origin: "ci",
        run: `r${i}`,
        // Ten at a time.
        time: {
          seconds: NOW - Math.floor(i * 7919 % 4000 / 10),
          nanoseconds: 0,
        },
        count: 1,
        tests: [],
      }),
    );
  }
  const source = new Source(packets);
  for (const words of ["", "title:shop", "-title:shop", "state:skip"]) {
    const plan = newest(words, 25);
    const before = source.readings;
    assertEquals(await find(source, plan, 0), findAmongAll(source, plan));
    // One for what is there, then for the newest, and once for all at the end.
    assert(source.readings - before <= 5, words);
  }
});

Deno.test("findByPass looks at the newest alone if these are enough", async () => {
  const state = (i: number) =>
    encodeEvent({
      fault: `fault:x${i}`,
      kind: "state",
      state: i % 2 ? "success" : "fail",
    });
  const sighting = (i: number) =>
    encodeSighting({
      fault: `fault:x${i}`,
      origin: "ci",
      run: "r",
      time: { seconds: NOW - i, nanoseconds: 0 },
      count: 1,
      tests: [],
    });
  const numbers = Array.from({ length: 400 }, (_, i) => i);
  const source = new Source([...numbers.map(state), ...numbers.map(sighting)]);
  const found = await find(source, newest("state:fail", 3), 4);
  assertEquals(
    found.map(({ it }) => it.fault),
    ["fault:x0", "fault:x2", "fault:x4"],
  );
  // For what is there, and for the ten newest.
  assertEquals(source.readings, 2);
});

Deno.test("findByPass looks further when the newest were seen earlier than it seemed", async () => {
  const sighting = (fault: string, secondsAgo: number) =>
    encodeSighting({
      fault,
      origin: "ci",
      run: `r${secondsAgo}`,
      time: { seconds: NOW - secondsAgo, nanoseconds: 0 },
      count: 1,
      tests: [],
    });
  const packets = [sighting("fault:a", 10)];
  for (const fault of ["fault:b", "fault:c"]) {
    const later = sighting(fault, 1);
    packets.push(
      sighting(fault, 10),
      later,
      encodeEvent({ fault, kind: "redact", redacts: [eventId(later)] }),
    );
  }
  const source = new Source(packets);
  const [{ it }] = await find(source, newest("", 1), 0);
  // As new as the others, and before them in the order of names.
  assertEquals(it.fault, "fault:a");
  assertEquals(source.readings, 3);
});

Deno.test("findByPass looks at those faults alone that may be among the first", async () => {
  const sighting = (fault: string, run: number) =>
    encodeSighting({
      fault: `fault:${fault}`,
      origin: "ci",
      run: `r${run}`,
      time: now,
      count: 3,
      tests: ["a", "b", "c"],
    });
  const packets = Array.from({ length: 100 }, (_, i) => sighting(`x${i}`, i));
  packets.push(sighting("twice", 1), sighting("twice", 2));
  const source = new Source(packets);
  const query: QueryPlan = {
    words: [],
    now,
    window: { seconds: DAY, now },
    ranks: ["runs"],
    top: 1,
    conflict: false,
    unexplained: false,
  };
  const [{ it, experience }] = await find(source, query, 0);
  assertEquals([it.fault, experience.runs], ["fault:twice", 2]);
  // For the evidence, and for the one fault that has most.
  assertEquals(source.readings, 2);
});

Deno.test("findByPass finds in one pass what has an id, unless there is much of it", async () => {
  const title = (fault: string, value: string) =>
    encodeEvent({ fault: `fault:${fault}`, kind: "title", value });
  // More than is held of all, less than that of each.
  const comments = ["long1", "long2", "long3"].flatMap((name) =>
    new Array(17).fill(encodeEvent({
      fault: `fault:${name}`,
      kind: "comment",
      value: "".padEnd(1_000_000),
    }))
  );
  const source = new Source([
    title("other", "shop"),
    title("longer", "cart"),
    ...comments,
  ]);
  for (
    const [words, names, readings] of [
      ["id:other", ["fault:other"], 1],
      ["id:longe,x", ["fault:longer"], 1],
      ["id:none", [], 1],
      // Of much the other words leave out most: two passes more.
      ["id:long title:cart", ["fault:longer"], 3],
    ] as const
  ) {
    const before = source.readings;
    const found = await find(source, newest(words, Infinity));
    assertEquals(found.map(({ it }) => it.fault), [...names]);
    assertEquals(source.readings - before, readings, words);
  }
});

Deno.test("hasNoKey knows of a map that it has no such key", () => {
  const check = (value: Value) => {
    const bytes = encodeValue(value);
    return hasNoKey(3, bytes, 0, bytes.length);
  };
  assertEquals(check(new Map()), true);
  const seen = new Map<number, Value>([
    [1, "x".repeat(200)],
    [2, [new Uint8Array(16).fill(3)]],
    [4, "r3"],
    [5, 70_000],
    [6, ["3", "y".repeat(30)]],
  ]);
  assertEquals(check(seen), true);
  assertEquals(check(new Map([...seen, [3, 7]])), false);
  assertEquals(check(new Map<number, Value>([[3, 7]])), false);
  // What is not easy to see.
  assertEquals(check(new Map<number, Value>([[7, new Map([[3, 3]])]])), false);
  assertEquals(check(new Map<number, Value>([[30, 1]])), false);
  assertEquals(check("text"), false);
  assertEquals(hasNoKey(3, Uint8Array.of(0xa1, 1), 0, 2), false);
  assertEquals(hasNoKey(3, Uint8Array.of(), 0, 0), false);
  // A map with a key that begins as another value ends.
  assertEquals(
    hasNoKey(3, Uint8Array.of(0xa2, 5, 5, 3, 2), 0, 5),
    false,
  );
});
