import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodePacket, PacketDecoder } from "@subunit/codec";
import fc from "fast-check";
import { callTool } from "../../../tests/support/call.ts";
import { NOW, packet } from "../../../tests/support/fault_packets.ts";
import { isCi, TempDir, text } from "../../../tests/support/run.ts";
import { isReserved, RUNS } from "../../kit/stream/fault_tag.ts";
import { readClasses } from "./classes.ts";
import { encodeEvent } from "./event.ts";
import { beginningWith, NamedFaults } from "./named_faults.ts";
import { LogReader, type LogSource } from "./reader.ts";
import { faultJson } from "./report.ts";

const SEED = 20261128;
const AT = "--at=2026-09-21T14:13:20Z";
const now = { seconds: NOW, nanoseconds: 0 };

function same(fault: string, other: string): Uint8Array {
  return encodeEvent({ fault, kind: "same", time: now, value: other });
}

/** Events of names that are longer than others, and the same as those. */
const longer = fc.constantFrom(
  encodeEvent({ fault: "fault:f1x", kind: "title", value: "longer" }),
  encodeEvent({ fault: "fault:long", kind: "comment", value: "long" }),
  same("fault:long", "fault:f2"),
  same("fault:f3", "fault:long"),
  same("fault:f3", "fault:not-there"),
  same("fault:f1x", "fault:f1"),
);

const log = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: packet },
    { weight: 1, arbitrary: longer.map((bytes) => () => bytes) },
  ),
  { minLength: 1, maxLength: 40 },
).map((makers) => {
  const packets: Uint8Array[] = [];
  for (const make of makers) packets.push(make(packets.slice()));
  return packets;
});

/** Whole names, abbreviated ones, and one that no fault has. */
const named = fc.constantFrom("f1", "f1x", "f3", "long", "lo", "f", "", "x");

function sourceOf(packets: readonly Uint8Array[]): LogSource {
  return {
    forEachRows(...take) {
      const decoder = new PacketDecoder();
      decoder.push(concat(packets));
      decoder.end();
      decoder.drainRows(...take);
    },
  };
}

function namesIn(packets: readonly Uint8Array[]): string[] {
  const names = new Set(packets.map((bytes) => decodePacket(bytes).testId!));
  return [...names].filter((name) => !isReserved(name));
}

/** The class of a fault, as JSON. */
function classOf(reader: LogReader, fault: string): string | undefined {
  for (const it of readClasses(reader, { now }, (name) => name === fault)) {
    if (it.members.some((member) => member.fault === fault)) {
      return faultJson(it);
    }
  }
}

Deno.test("NamedFaults has of faults what a reader of all has", () => {
  fc.assert(
    fc.property(log, named, (packets, begin) => {
      const source = sourceOf(packets);
      const found = new NamedFaults(source, beginningWith([`fault:${begin}`]));
      const names = found.found().filter((name) => !isReserved(name));
      assertEquals(
        names.toSorted(),
        namesIn(packets).filter((name) => name.startsWith(`fault:${begin}`))
          .sort(),
      );
      const all = new LogReader(source), some = found.readerOf(names);
      assertEquals(some.packetsOf(RUNS), all.packetsOf(RUNS));
      for (const name of names) {
        const whole = classOf(all, name);
        assert(whole !== undefined);
        assertEquals(classOf(found.readerOf([name]), name), whole);
        assertEquals(classOf(some, name), whole);
      }
    }),
    { seed: SEED, numRuns: isCi ? 5000 : 300 },
  );
});

Deno.test("show prints a fault for its id and for how that begins, with an index and without", async () => {
  await fc.assert(
    fc.asyncProperty(log, named, async (packets, begin) => {
      using dir = new TempDir();
      const path = dir.file("log", concat(packets));
      const call = (...args: string[]) => callTool("fault-log", args);
      const show = (fault: string) => call("show", path, fault, "--json", AT);
      const names = namesIn(packets), wanted = `fault:${begin}`;
      const among = names.filter((name) => name.startsWith(wanted));
      const [fault] = names.includes(wanted) ? [wanted] : among;
      const isOne = names.includes(wanted) || among.length === 1;
      const { stdout, stderr, status } = await show(begin);
      if (!isOne) {
        assertMatch(
          stderr,
          among.length === 0
            ? /Cannot find/
            : new RegExp(`Cannot tell .* ${among.length} in`),
        );
      } else {
        const all = new LogReader(sourceOf(packets));
        assertEquals(text(stdout), `${classOf(all, fault)}\n`);
        assertEquals(text((await show(fault)).stdout), text(stdout));
      }
      assertEquals(status, isOne ? 0 : 2);
      await call("index", path);
      assertEquals(await show(begin), { stdout, stderr, status });
    }),
    { seed: SEED, numRuns: isCi ? 500 : 40 },
  );
});
