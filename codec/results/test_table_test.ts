import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { parentKey, TestTable } from "./test_table.ts";

const SEED = 20130814;

function packet(event: Partial<StatusEvent>) {
  return decodePacket(encodePacket({ runnable: true, ...event }));
}

Deno.test(`TestTable does what a Map of strings does (seed ${SEED})`, () => {
  const step = fc.record({
    verb: fc.constantFrom("add", "set", "get", "delete"),
    id: fc.nat(40),
    route: fc.option(fc.constantFrom("", "0", "0/1"), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new TestTable<number>();
      const map = new Map<string, number>();
      steps.forEach(({ verb, id, route }, i) => {
        const testId = "t".repeat(id);
        const key = JSON.stringify([testId, route]);
        // The same test, as the parent of another.
        const child = packet({ parentTestId: testId, routeCode: route });
        const event = i % 2 === 0
          ? packet({ testId, routeCode: route })
          : parentKey(child);
        if (verb === "add") {
          const value = table.getOrAdd(event, () => i);
          assertEquals(value, map.get(key) ?? i);
          map.set(key, value);
        } else if (verb === "set") {
          table.set(event, i);
          map.set(key, i);
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
