import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  dayAfter,
  nameInList,
  QuarantineList,
  startOfDay,
} from "./quarantine_list.ts";

const SEED = 20261128;
const calendar = { today: "2026-11-28", maxDays: 90 };

const list = (text: string, today = calendar.today) =>
  new QuarantineList(text, { ...calendar, today });

Deno.test("QuarantineList finds entries by id, pattern and fault", () => {
  const entries = list(
    "# a comment\n\nshop.test_pay\t2026-12-31\tshop#71\tclock\r\n" +
      "re:^net\\.dns\\.\t2026-12-15\tnet#4\tresolver\n" +
      "fault:1-abc\t2027-01-31\tshop#88\tgateway\n",
  );
  const what = (found: { what: string }[]) => found.map(({ what }) => what);
  assertEquals(what(entries.naming("shop.test_pay")), ["shop.test_pay"]);
  assertEquals(what(entries.naming("shop.test_pay2")), []);
  assertEquals(what(entries.naming("net.dns.test_a")), ["re:^net\\.dns\\."]);
  assertEquals(what(entries.naming("fault:1-abc")), []);
  assertEquals(what(entries.naming("re:^net\\.dns\\.")), []);
  assertEquals(what(entries.withFault(["slow", "fault:1-abc"])), [
    "fault:1-abc",
  ]);
  assertEquals(what(entries.withFault(["1-abc", "shop.test_pay"])), []);
});

Deno.test("an entry excuses until the midnight that ends its day", () => {
  const line = "a\t2026-12-31\tt\tr";
  const cases: [today: string, isExpired: boolean][] = [
    ["2026-12-30", false],
    ["2026-12-31", false],
    ["2027-01-01", true],
  ];
  for (const [today, isExpired] of cases) {
    assertEquals(list(line, today).entries[0].isExpired, isExpired, today);
  }
});

Deno.test("QuarantineList says what is wrong with an entry, and where", () => {
  const cases: [text: string, message: string][] = [
    ["a\t2026-12-31\tt", "line 1: expected WHAT, UNTIL, TICKET and REASON"],
    ["\n# x\na\t2026-12-31\t \tr", "line 3: expected WHAT"],
    ["a\t2026-12-31\tt\tr\tmore", "line 1: expected WHAT"],
    ["a 2026-12-31 t r", "line 1: expected WHAT"],
    ["a\t31.12.2026\tt\tr", 'line 1: "31.12.2026" is not a day'],
    ["a\t2026-02-30\tt\tr", 'line 1: "2026-02-30" is not a day'],
    ["a\t2027-02-27\tt\tr", 'line 1: "2027-02-27" is more than 90 days ahead'],
    ["a\t2026-12-31\tt\tr\na\t2026-12-30\tt\tr", 'line 2: "a" is there twice'],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => list(text), SyntaxError, message);
  }
  assertEquals(list("a\t2027-02-26\tt\tr").entries.length, 1);
});

Deno.test("days follow one another", () => {
  assertEquals(dayAfter("2026-12-31", 1), "2027-01-01");
  assertEquals(dayAfter("2028-02-28", 1), "2028-02-29");
  assertEquals(startOfDay("2026-11-28T00"), undefined);
});

Deno.test(`nameInList names one test only (seed ${SEED})`, () => {
  const id = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom(
      "re:a",
      "fault:1-x",
      "# a",
      " a",
      "a\tb",
      "a\nb",
      "a\n",
      "a.b[1]",
    ),
  ).filter((id) => !id.includes("\0"));
  fc.assert(
    fc.property(id, id, (one, other) => {
      const { entries: [entry], ...made } = list(
        `${nameInList(one)}\t2026-12-31\tt\tr`,
      );
      void made;
      const entries = list(entry.line);
      assertEquals(entries.naming(one).length, 1);
      assertEquals(entries.naming(other).length, one === other ? 1 : 0);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("nameInList names a fault, unless a line cannot hold it", () => {
  assertEquals(nameInList("a", "fault:1-x"), "fault:1-x");
  const hostile = "fault:x\t2026-12-31\tt\tr\nre:.\t2026-12-31\tt\tr";
  assertEquals(nameInList("a", hostile), "a");
});
