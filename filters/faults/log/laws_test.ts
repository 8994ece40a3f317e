import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { isCi } from "../../../tests/support/run.ts";
import {
  type FaultClass,
  isConflict,
  readClasses,
  titlesOf,
} from "./classes.ts";
import { encodeRedaction, encodeStatement, type Statement } from "./edit.ts";
import { decodeEvent, encodeEvent } from "./event.ts";
import type { FaultState, Register } from "./fold.ts";
import { forEachDistinct, forEachEvent, Redactions } from "./merge.ts";
import { LogReader, type LogSource } from "./reader.ts";

const SEED = 20261128;
/** How many histories: in CI, their laws are 100,000 checks. */
const HISTORIES = isCi ? 4000 : 100;

function sourceOf(bytes: Uint8Array): LogSource {
  return {
    forEachRows(takeRows, takeOther) {
      const decoder = new PacketDecoder();
      decoder.push(bytes);
      decoder.end();
      decoder.drainRows(takeRows, takeOther);
    },
  };
}

/** The union of logs, in their order. */
function merged(...logs: Uint8Array[]): Uint8Array {
  const source = sourceOf(concat(logs)), packets: Uint8Array[] = [];
  forEachDistinct(
    [source],
    new Redactions().addAll(source),
    (bytes) => packets.push(bytes.slice()),
  );
  return concat(packets);
}

/** A log as a set. */
function setOf(log: Uint8Array): string[] {
  const packets: string[] = [];
  forEachEvent(sourceOf(log), (packet) => packets.push(packet.bytes.toHex()));
  return packets.sort();
}

const NAMES = ["fault:a", "fault:b", "fault:c", "fault:d"];

function registerOf<T>({ versions, isConflict }: Register<T>) {
  return [versions.map(({ value, event }) => [value, event.id]), isConflict];
}

/** All that a log says, in a form that can be compared. */
function reading(
  log: Uint8Array | LogSource,
  groupBytes?: number,
): unknown[][] {
  const source = log instanceof Uint8Array ? sourceOf(log) : log;
  const reader = new LogReader(source, { groupBytes });
  return [...readClasses(reader)].map((it) => [
    it.fault,
    registerOf(it.title),
    registerOf(it.text),
    registerOf(it.state),
    it.tags,
    it.seen,
    it.members.map(readingOf),
  ]).sort((a, b) => `${a[0]}` < `${b[0]}` ? -1 : 1);
}

function readingOf(state: FaultState) {
  return [
    state.fault,
    registerOf(state.title),
    state.comments.map(({ id }) => id),
    state.facts.map(({ id }) => id),
    state.same,
    state.timeline.map(({ id }) => id),
  ];
}

function classesIn(log: Uint8Array): FaultClass[] {
  return [...readClasses(new LogReader(sourceOf(log)))];
}

function stateIn(log: Uint8Array, fault: string): FaultState | undefined {
  return classesIn(log).flatMap(({ members }) => members)
    .find((member) => member.fault === fault);
}

/** One act of one of three writers. */
interface Act {
  readonly who: number;
  readonly fault: number;
  readonly other: number;
  readonly what:
    | "title"
    | "text"
    | "state"
    | "comment"
    | "tag"
    | "untag"
    | "same"
    | "differ"
    | "seen"
    | "open"
    | "redact"
    | "undo"
    | "pull";
  readonly value: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  who: fc.nat(2),
  fault: fc.nat(NAMES.length - 1),
  other: fc.nat(NAMES.length - 1),
  what: fc.constantFrom(
    "title",
    "title",
    "text",
    "state",
    "comment",
    "tag",
    "untag",
    "same",
    "differ",
    "seen",
    "open",
    "redact",
    "undo",
    "pull",
    "pull",
  ),
  value: fc.nat(99),
});

const STATES = ["fail", "inprogress", "xfail", "skip", "success"] as const;

/** Plays acts on three copies, which see each other only by pulling. */
function play(acts: readonly Act[]): Uint8Array[] {
  const logs: Uint8Array[] = [0, 1, 2].map(() => new Uint8Array(0));
  acts.forEach(({ who, fault, other, what, value }, at) => {
    const log = logs[who];
    if (what === "pull") {
      logs[who] = merged(log, logs[(who + 1 + value % 2) % 3]);
      return;
    }
    // Clocks that are wrong, and two that agree.
    const time = {
      seconds: 1_700_000_000 + (value * 37 + at) % 50,
      nanoseconds: 0,
    };
    const author = `writer ${who}`, name = NAMES[fault];
    if (what === "redact" || what === "undo") {
      // A redaction of a redaction has no effect.
      const events = stateIn(log, name)?.timeline
        .filter(({ kind }) => (kind === "redact") === (what === "undo")) ?? [];
      if (events.length === 0) return;
      const event = events[value % events.length];
      logs[who] = merged(log, encodeRedaction(event, { author, time }));
      return;
    }
    if (what === "seen") {
      logs[who] = merged(
        log,
        encodeEvent({
          fault: name,
          kind: "seen",
          author: `ci-${value % 3}`,
          run: `run ${value % 5}`,
          count: value,
          tests: [`test ${value % 7}`],
          time,
        }),
      );
      return;
    }
    const said: Statement = {
      comments: what === "comment" ? [`comment ${value}`] : [],
      tags: what === "tag"
        ? [`t${value % 3}`]
        : what === "untag"
        ? [`-t${value % 3}`]
        : [],
      facts: new Map(),
      same: what === "same"
        ? [NAMES[other]]
        : what === "differ"
        ? [`-${NAMES[other]}`]
        : [],
      title: what === "title" || what === "open"
        ? `title ${value % 9}`
        : undefined,
      text: what === "text" ? `text ${value % 9}` : undefined,
      state: what === "state" || what === "open"
        ? STATES[value % STATES.length]
        : undefined,
      author,
      time,
    };
    const known = stateIn(log, name);
    logs[who] = merged(log, ...encodeStatement(name, said, known, true));
  });
  return logs;
}

const histories = fc.array(act, { minLength: 1, maxLength: 25 });

function check(
  name: string,
  law: (logs: Uint8Array[], random: number) => void,
) {
  Deno.test(name, () => {
    fc.assert(
      fc.property(
        histories,
        fc.nat(),
        (acts, random) => law(play(acts), random),
      ),
      { seed: SEED, numRuns: HISTORIES },
    );
  });
}

check("merge is commutative, associative and idempotent", ([a, b, c]) => {
  assertEquals(setOf(merged(a, b)), setOf(merged(b, a)));
  const one = setOf(merged(merged(a, b), c));
  assertEquals(setOf(merged(a, merged(b, c))), one);
  assertEquals(setOf(merged(a, b, c)), one);
  assertEquals(merged(a, a), a);
  const all = merged(a, b, c);
  for (const log of [a, b, c]) assertEquals(merged(all, log), all);
});

check(
  "a log says the same in whatever order its events are",
  (logs, random) => {
    const all = merged(...logs);
    const packets = setOf(all).map((hex) => Uint8Array.fromHex(hex));
    const expected = reading(all);
    const shuffled = packets
      .map((packet, i) => ({
        packet,
        key: (i + 1) * (random % 9973 + 1) % 7919,
      }))
      .sort((a, b) => a.key - b.key).map(({ packet }) => packet);
    assertEquals(reading(concat(shuffled)), expected);
    assertEquals(reading(concat([...shuffled, ...packets])), expected, "twice");
    // Not merged: redacted events are still there, and have no effect.
    assertEquals(reading(concat(logs)), expected, "cat");
    assertEquals(reading(concat(logs), 200), expected, "in small groups");
    // As when somebody rewrites it while it is read.
    const passes = [concat(logs), concat(shuffled), concat(packets)];
    let pass = 0;
    const replaced: LogSource = {
      forEachRows: (...takers) =>
        sourceOf(passes[pass++ % passes.length]).forEachRows(...takers),
    };
    assertEquals(reading(replaced, 200), expected, "replaced between passes");
  },
);

check("damage and text in a log change nothing", (logs, random) => {
  const all = merged(...logs);
  const junk = [
    "b3",
    "b32b",
    "b32a56404f6b02bd2000",
    "b32a40ffff",
    "6f6b0a",
    "d0b3",
  ].map((hex) => Uint8Array.fromHex(hex));
  const parts = setOf(all).flatMap((hex, i) => [
    junk[(random + i) % junk.length],
    Uint8Array.fromHex(hex),
  ]);
  const torn = concat([...parts, all.subarray(0, Math.min(all.length, 30))]);
  assertEquals(setOf(merged(torn)), setOf(all));
  assertEquals(reading(torn), reading(all));
});

check("a copy of some faults says of them what the whole log says", (logs) => {
  const all = merged(...logs);
  for (const it of classesIn(all)) {
    const names = it.members.map(({ fault }) => fault);
    const part = setOf(all).map((hex) => Uint8Array.fromHex(hex))
      .filter((packet) => names.includes(decodeEvent(packet).fault));
    const expected = reading(all).filter(([fault]) => fault === it.fault);
    assertEquals(reading(concat(part)), expected);
    // What was chosen, merged into a log that has all, adds nothing.
    assertEquals(setOf(merged(all, ...part)), setOf(all));
  }
});

Deno.test("a redaction stays, whatever names it", () => {
  const time = { seconds: 1, nanoseconds: 0 };
  const said = encodeEvent({ fault: "fault:a", kind: "title", value: "x" });
  const redaction = encodeRedaction(decodeEvent(said), { time });
  const undo = encodeRedaction(decodeEvent(redaction), { time });
  const all = [undo, redaction, said];
  const expected = [redaction, undo].map((packet) => packet.toHex()).sort();
  assertEquals(setOf(merged(...all)), expected);
  assertEquals(stateIn(concat(all), "fault:a")!.title.versions, []);
  assertEquals(
    stateIn(concat(all), "fault:a")!.timeline.length,
    2,
  );
});

Deno.test("a redaction is about its own fault", () => {
  const said = encodeEvent({ fault: "fault:a", kind: "title", value: "x" });
  const { id } = decodeEvent(said);
  const other = encodeEvent({
    fault: "fault:b",
    kind: "redact",
    redacts: [id],
  });
  assertEquals(setOf(merged(said, other)), setOf(concat([said, other])));
});

check(
  "a redacted event is gone, and nothing comes back in its place",
  (logs) => {
    const all = merged(...logs);
    for (const { members } of classesIn(all)) {
      for (const { fault, title } of members) {
        if (title.versions.length !== 1) continue;
        const [{ event }] = title.versions;
        const time = { seconds: 1, nanoseconds: 0 };
        const after = merged(all, encodeRedaction(event, { time }));
        const state = stateIn(after, fault)!;
        assertEquals(state.title.versions, []);
        assert(state.timeline.every(({ id }) => id !== event.id));
        assertEquals(setOf(merged(after, all)), setOf(after), "a copy has it");
      }
    }
  },
);

Deno.test("nobody conflicts with himself, and keeps his title", () => {
  fc.assert(
    fc.property(histories, (acts) => {
      const mine = acts.filter(({ what }) =>
        what !== "redact" && what !== "pull"
      )
        .map((act) => ({ ...act, who: 0 }));
      const [log] = play(mine);
      for (const it of classesIn(log)) {
        assert(!isConflict(it));
        for (const { fault } of it.members) {
          const last = mine.findLast(({ what, fault: at }) =>
            (what === "title" || what === "open") && NAMES[at] === fault
          );
          const title = stateIn(log, fault)!.title.versions[0]?.value;
          assertEquals(title, last && `title ${last.value % 9}`);
        }
      }
    }),
    { seed: SEED, numRuns: HISTORIES },
  );
});

check("a conflict is between all that did not see each other", (logs) => {
  const all = merged(...logs);
  for (const it of classesIn(all)) {
    for (const { fault, title } of it.members) {
      if (title.versions.length < 2) continue;
      const known = stateIn(all, fault);
      const settled = merged(
        all,
        ...encodeStatement(
          fault,
          {
            title: "settled",
            comments: [],
            tags: [],
            facts: new Map(),
            same: [],
            time: { seconds: 1, nanoseconds: 0 },
          },
          known,
          true,
        ),
      );
      const { title: after } = stateIn(settled, fault)!;
      assertEquals(after.versions.map(({ value }) => value), ["settled"]);
      assertEquals(titlesOf({ ...it, title: after }), ["settled"]);
    }
  }
});

Deno.test("of reports on one run of one origin the largest numbers count", () => {
  const seen = (author: string, run: string, count: number, value: number) =>
    encodeEvent({ fault: "fault:a", kind: "seen", author, run, count, value });
  const reports = [
    seen("ci", "1", 3, 2),
    seen("ci", "1", 5, 1),
    seen("ci", "1", 5, 4),
    seen("ci", "2", 7, 1),
    seen("laptop", "1", 1, 1),
  ];
  for (const log of [reports, reports.toReversed()]) {
    assertEquals(
      stateIn(concat(log), "fault:a")!.seen
        .map(({ origin, run, count, runs }) => [origin, run, count, runs]),
      [["ci", "1", 5, 4], ["ci", "2", 7, 1], ["laptop", "1", 1, 1]],
    );
  }
});
