import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import type { SqlDatabase } from "../../kit/runtime/sqlite.ts";
import {
  DAY_INDEX,
  DAY_SCHEMA,
  DaySums,
  DayWriter,
  lastSeen,
} from "./day_counts.ts";

const SEED = 20261128;

function database(): SqlDatabase & Disposable {
  const db = new DatabaseSync(":memory:");
  db.exec(DAY_SCHEMA + DAY_INDEX);
  return db as unknown as SqlDatabase & Disposable;
}

function blobsIn(db: SqlDatabase): number {
  return db.prepare("SELECT COUNT(*) AS count FROM day").get()!.count as number;
}

const row = fc.record({
  day: fc.nat(4),
  number: fc.nat(6),
  runs: fc.nat(3),
  tests: fc.nat(300),
  flushes: fc.boolean(),
  isRemoved: fc.boolean(),
});

interface Row {
  readonly day: number;
  readonly number: number;
  readonly runs: number;
  readonly tests: number;
  readonly flushes: boolean;
  readonly isRemoved: boolean;
}

/** Writes rows, or takes them back, and returns those that are there then. */
function write(db: SqlDatabase, rows: readonly Row[]): Row[] {
  let writer = new DayWriter(db, { isNew: true });
  const there = new Map<string, Row>();
  for (const row of rows) {
    const { day, number, flushes, isRemoved } = row;
    const key = `${day} ${number}`, known = there.get(key);
    if (known === undefined) {
      writer.add(day, number, row);
      there.set(key, row);
    } else if (isRemoved) {
      writer.remove(day, number, known);
      there.delete(key);
    }
    if (!flushes) continue;
    writer.flush();
    writer = new DayWriter(db, { isNew: false });
  }
  writer.flush();
  return [...there.values()];
}

Deno.test("DaySums adds up what DayWriter wrote and did not take back", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      using db = database();
      const there = write(db, rows);
      for (const since of [0, 2]) {
        for (const what of ["runs", "tests"] as const) {
          const sums = new DaySums(db, { since, size: 7, what });
          const expected = new Map<number, number>();
          for (const { day, number, [what]: count } of there) {
            if (day < since) continue;
            expected.set(number, (expected.get(number) ?? 0) + count);
          }
          const order = [...sums.inOrder()];
          assertEquals(order.length, expected.size);
          for (const [i, [number, most]] of order.entries()) {
            assertEquals(sums.of(number), expected.get(number));
            assertEquals(most < 256 ? most : Infinity, most);
            assert(most >= sums.of(number));
            assert(i === 0 || most <= order[i - 1][1]);
          }
        }
      }
    }),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test("lastSeen has some classes by their last day, and then the others", () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 60 }),
      fc.uniqueArray(fc.nat(6)),
      fc.constantFrom(-Infinity, 0, 2),
      (rows, numbers, since) => {
        using db = database();
        const there = write(db, rows);
        const expected = new Map<number, number[]>();
        for (const number of numbers.toSorted()) {
          const days = [...there].filter((row) => row.number === number);
          const last = Math.max(-1, ...days.map(({ day }) => day));
          if (last < since) continue;
          expected.set(last, [...expected.get(last) ?? [], number]);
        }
        assertEquals(
          Array.from(
            lastSeen(db, numbers, { since, size: 7 }),
            (found) => found.toSorted(),
          ).filter((found) => found.length > 0),
          [...expected].sort(([a], [b]) => b - a).map(([, found]) => found),
        );
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test("DayWriter leaves nothing of what was taken back, and joins short blobs", () => {
  using db = database();
  const counts = { runs: 1, tests: 5 };
  for (let i = 0; i < 20; i++) {
    const writer = new DayWriter(db, { isNew: false });
    writer.add(1, i, counts);
    writer.flush();
  }
  assertEquals(blobsIn(db), 1);
  for (let i = 0; i < 20; i++) {
    const writer = new DayWriter(db, { isNew: false });
    writer.remove(1, i, counts);
    writer.flush();
  }
  assertEquals(blobsIn(db), 0);
});

Deno.test("DaySums limits nothing where a number is too large", () => {
  using db = database();
  const writer = new DayWriter(db, { isNew: true });
  writer.add(1, 0, { runs: 2 ** 40, tests: 1 });
  writer.add(1, 1, { runs: 7, tests: 1 });
  writer.remove(1, 2, { runs: 2 ** 40, tests: 1 });
  writer.flush();
  const sums = new DaySums(db, { since: 0, size: 3, what: "runs" });
  assertEquals([...sums.inOrder()], [[0, Infinity], [2, Infinity], [1, 7]]);
});
