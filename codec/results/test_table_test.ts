import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { packet } from "../_testing/events.ts";
import type { TestKeyBytes } from "./test_numbers.ts";
import { EventKey, parentKey, TestTable } from "./test_table.ts";

const SEED = 20130814;

Deno.test(`TestTable does what a Map of strings does (seed ${SEED})`, () => {
  const step = fc.record({
    verb: fc.oneof(
      { weight: 50, arbitrary: fc.constantFrom("add", "set", "get", "delete") },
      { weight: 1, arbitrary: fc.constant("clear") },
    ),
    id: fc.nat(40),
    route: fc.option(fc.constantFrom("", "0", "0/1"), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new TestTable<number>();
      const eventKey = new EventKey();
      const map = new Map<string, number>();
      steps.forEach(({ verb, id, route }, i) => {
        const testId = "t".repeat(id);
        const key = JSON.stringify([testId, route]);
        // The same test, as the parent of another.
        const child = packet({ parentTestId: testId, routeCode: route });
        const event = [
          packet({ testId, routeCode: route }),
          parentKey(child),
          eventKey.of({ testId, routeCode: route }),
        ][i % 3];
        if (verb === "add") {
          const value = table.getOrAdd(event, () => i);
          assertEquals(value, map.get(key) ?? i);
          map.set(key, value);
        } else if (verb === "set") {
          table.set(event, i);
          map.set(key, i);
        } else if (verb === "clear") {
          table.clear();
          map.clear();
        } else if (verb === "get") {
          assertEquals(table.get(event), map.get(key));
        } else {
          assertEquals(table.delete(event), map.get(key));
          map.delete(key);
        }
        assertEquals(table.size, map.size);
      });
      const entries = table.entries().map(([{ testId, routeCode }, value]) =>
        [JSON.stringify([testId, routeCode]), value] as [string, number]
      );
      assertEquals(new Map(entries), map);
    }),
    { seed: SEED },
  );
});

/** A key as it compares: bytes in hex, hashes. */
function shownKey(key: TestKeyBytes): unknown[] {
  const { view, idAt, idEnd, idHash, routeAt, routeEnd, routeHash } = key;
  const hex = (start: number, end: number) =>
    start < 0 ? undefined : new Uint8Array(
      view.buffer,
      view.byteOffset + start,
      end - start,
    ).toHex();
  return [hex(idAt, idEnd), idHash, hex(routeAt, routeEnd), routeHash];
}

Deno.test(`EventKey is the key of the event's packet (seed ${SEED})`, () => {
  const key = new EventKey();
  fc.assert(
    fc.property(arbitraryEvent, (event) => {
      assertEquals(shownKey(key.of(event)), shownKey(packet(event)));
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("EventKey takes ids of any length and in any alphabet", () => {
  const key = new EventKey();
  for (const letter of ["a", "é", "ж", "€", "😀"]) {
    for (const length of [0, 1, 3, 4, 127, 128, 129, 256, 257, 2000, 70_000]) {
      const event = { testId: letter.repeat(length), routeCode: letter };
      assertEquals(shownKey(key.of(event)), shownKey(packet(event)));
    }
  }
});

Deno.test("EventKey works for tests that no packet can hold", () => {
  const table = new TestTable<number>();
  const key = new EventKey();
  const testIds = ["x".repeat(5_000_000), "a\0b", "a\0c"];
  testIds.forEach((testId, i) => table.set(key.of({ testId }), i));
  assertEquals(testIds.map((testId) => table.get(key.of({ testId }))), [
    0,
    1,
    2,
  ]);
  assertEquals(
    table.entries().map(([{ testId }]) => testId).sort(),
    testIds.toSorted(),
  );
  // Half a surrogate pair.
  table.set(key.of({ testId: "\ud800" }), 3);
  assertEquals(table.get(packet({ testId: "\ufffd" })), 3);
});

Deno.test("TestTable forgets the ids of tests that ended", () => {
  const table = new TestTable<number>();
  const open = packet({ testId: "open" });
  table.getOrAdd(open, () => 0);
  for (let i = 0; i < 10000; i++) {
    const event = packet({ testId: `a test id of some length ${i}` });
    table.getOrAdd(event, () => i);
    table.delete(event);
  }
  assertEquals(table.entries(), [[
    { testId: "open", routeCode: undefined },
    0,
  ]]);
});
