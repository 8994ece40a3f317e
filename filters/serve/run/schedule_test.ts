import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  idealSeconds,
  SCHEDULES,
  simulate,
  simulateRow,
} from "../../../scripts/bench/schedule.ts";
import { Schedule, type Step, type Unit } from "./schedule.ts";

const SEED = 20261127;

/** Tests with their seconds, workers, the cost of a unit, and groups. */
const anySetting = fc.record({
  seconds: fc.array(
    fc.oneof(fc.double({ min: 0, max: 0.2 }), fc.double({ min: 0, max: 9 })),
    { maxLength: 200 },
  ).map((all) => all.map((one) => Number.isNaN(one) ? 0 : one)),
  workers: fc.integer({ min: 1, max: 12 }),
  overhead: fc.constantFrom(0, 0.001, 0.01, 0.3, 3),
  groupSize: fc.integer({ min: 1, max: 20 }),
  known: fc.constantFrom("all", "some", "none", "wrong"),
  keepsOrder: fc.boolean(),
  isOneShot: fc.boolean(),
}).map(({ seconds, groupSize, known, ...setting }) => {
  const tests = new Map(
    seconds.map((one, index) => [`${index % groupSize}.${index}`, one]),
  );
  return {
    ...setting,
    tests,
    groupOf: (id: string) => groupSize === 1 ? undefined : id.split(".")[0],
    secondsOf: (id: string) => {
      if (known === "none") return undefined;
      if (known === "some" && id.endsWith("3")) return undefined;
      return known === "wrong" ? 9 - tests.get(id)! : tests.get(id);
    },
  };
});

Deno.test(`Schedule runs each test once, and a group on one worker (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anySetting, (setting) => {
      const ran: string[] = [], workerOf = new Map<string, string>();
      const { lost } = simulate({
        ...setting,
        onTest(worker, id) {
          ran.push(id);
          const group = setting.groupOf(id);
          if (group === undefined) return;
          assertEquals(workerOf.get(group) ?? worker, worker);
          workerOf.set(group, worker);
        },
      });
      assertEquals(lost, []);
      assertEquals(ran.toSorted(), [...setting.tests.keys()].sort());
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test(`Schedule leaves no worker idle while work is left (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anySetting, (setting) => {
      simulate({
        ...setting,
        onIdle(idle, schedule) {
          if (idle.length > 0) assertEquals(schedule.waiting, 0);
        },
      });
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test(`Schedule stays near the ideal, whatever is known (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anySetting, (setting) => {
      const { seconds } = simulate(setting);
      const groups = new Map<string, number>();
      for (const [id, one] of setting.tests) {
        const group = setting.groupOf(id) ?? id;
        groups.set(group, (groups.get(group) ?? 0) + one);
      }
      // The last group to begin does so before the others end; each worker
      // starts few units for nothing.
      const longest = Math.max(0, ...groups.values());
      const bound = idealSeconds(setting) + 2 * longest +
        (20 + setting.tests.size) * setting.overhead;
      assert(seconds <= bound + 1e-6, `${seconds} s, bound ${bound} s`);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("Schedule is within 5 % of the ideal in the table of simulations", () => {
  for (const row of SCHEDULES) {
    const { seconds, ideal } = simulateRow(row);
    const [workers, , hasHistory] = row;
    // Where 64 workers do not know which tests are long, some begin late.
    const most = workers > 8 && !hasHistory ? 1.1 : 1.05;
    assert(seconds / ideal <= most, `${row}: ${seconds / ideal}`);
  }
});

Deno.test(`Schedule ends though workers do, with each test run or given up (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anySetting,
      fc.integer({ min: 0, max: 5 }),
      (setting, killEvery) => {
        const begun = new Set<string>();
        const { lost } = simulate({
          ...setting,
          killEvery,
          onTest: (_, id) => begun.add(id),
        });
        const known = [...begun, ...lost];
        assertEquals(new Set(known).size, setting.tests.size);
        assertEquals(new Set(lost).size, lost.length);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

/** A schedule on a clock that the test moves. */
class Bench {
  now = 0;
  readonly schedule: Schedule;
  readonly units: Unit[] = [];

  constructor(
    options: Omit<ConstructorParameters<typeof Schedule>[0], "clock">,
  ) {
    this.schedule = new Schedule({ ...options, clock: () => this.now });
  }

  next(): string[] {
    return this.schedule.next().map((step: Step) => {
      if (step.kind === "run") this.units.push(step.unit);
      return `${step.kind} ${step.unit.worker} ${step.unit.ids}`;
    });
  }
}

Deno.test("Schedule takes the longest tests first, and the median for unknown ones", () => {
  const known = new Map([["a", 1], ["b", 3], ["c", 2], ["d", 9]]);
  const bench = new Bench({
    ids: ["a", "b", "new", "c", "d"],
    secondsOf: (id) => known.get(id),
  });
  bench.schedule.addWorker("0");
  const order: string[] = [];
  while (bench.next().length > 0) {
    const unit = bench.units.at(-1)!;
    order.push(...unit.ids);
    for (const id of unit.ids) bench.schedule.testEnded(unit, id);
    bench.schedule.unitEnded(unit);
  }
  assertEquals(order, ["d", "b", "new", "c", "a"]);
});

Deno.test("Schedule keeps one unit waiting for each worker that has begun", () => {
  const ids = Array.from({ length: 1000 }, (_, index) => `t${index}`);
  const { schedule, ...bench } = new Bench({ ids });
  schedule.addWorker("0");
  schedule.addWorker("1");
  const [first, second, ...more] = schedule.next();
  assertEquals([first.unit.worker, second.unit.worker], ["0", "1"]);
  assertEquals(more, []);
  schedule.testStarted(first.unit);
  const [ahead, ...others] = schedule.next();
  assertEquals(ahead.unit.worker, "0");
  assertEquals(others, []);
  void bench;
});

Deno.test("Schedule gives out one group at a time where tests may wait for people", () => {
  const ids = ["a.1", "a.2", "b.1", "c.1"];
  const groupOf = (id: string) => id[0];
  const bench = new Bench({ ids, groupOf, isShort: true, keepsOrder: true });
  bench.schedule.addWorker("0");
  assertEquals(bench.next(), ["run 0 a.1,a.2"]);
  bench.schedule.testStarted(bench.units[0]);
  assertEquals(bench.next(), []);
  bench.schedule.addWorker("1");
  assertEquals(bench.next(), ["run 1 b.1"]);
  bench.schedule.testEnded(bench.units[1], "b.1");
  assertEquals(bench.schedule.unitEnded(bench.units[1]), []);
  assertEquals(bench.next(), ["run 1 c.1"]);
});

Deno.test("Schedule gives a test that ends its worker to another, alone, and then up", () => {
  const bench = new Bench({ ids: ["a", "b", "c"] });
  for (const name of ["0", "1"]) {
    bench.schedule.addWorker(name);
    bench.next();
    assertEquals(bench.schedule.removeWorker(name), []);
  }
  bench.schedule.addWorker("2");
  assertEquals(bench.next(), ["run 2 a"]);
  assertEquals(bench.schedule.removeWorker("2"), ["a"]);
  bench.schedule.addWorker("3");
  assertEquals(bench.next(), ["run 3 b"]);
});

Deno.test("Schedule gives up the first tests of a group that end their workers, and then all", () => {
  const ids = ["a", "b", "c", "d"];
  const bench = new Bench({ ids, groupOf: () => "one" });
  let worker = 0;
  const begin = () => {
    bench.schedule.addWorker(String(++worker));
    return bench.next();
  };
  const end = () => bench.schedule.removeWorker(String(worker));
  for (let i = 0; i < 2; i++) {
    assertEquals(begin(), [`run ${worker} a,b,c,d`]);
    assertEquals(end(), []);
  }
  assertEquals(begin(), ["run 3 a,b,c,d"]);
  assertEquals(end(), ["a"]);
  assertEquals(begin(), ["run 4 b,c,d"]);
  bench.schedule.testEnded(bench.units.at(-1)!, "b");
  assertEquals(end(), []);
  assertEquals(begin(), ["run 5 c,d"]);
  assertEquals(end(), ["c"]);
  assertEquals(begin(), ["run 6 d"]);
  assertEquals(end(), ["d"]);
  assertEquals(begin(), []);

  const loaded = new Bench({ ids, groupOf: () => "one" });
  const lost = [1, 2, 3, 4, 5].map((name) => {
    loaded.schedule.addWorker(String(name));
    loaded.next();
    return loaded.schedule.removeWorker(String(name)).join();
  });
  assertEquals(lost, ["", "", "a", "b", "c,d"]);
});

Deno.test("Schedule gives up groups of any size", () => {
  const ids = Array.from({ length: 200_000 }, (_, index) => `t${index}`);
  const bench = new Bench({ ids, groupOf: () => "one" });
  const lost = [1, 2, 3, 4, 5].flatMap((name) => {
    bench.schedule.addWorker(String(name));
    bench.schedule.next();
    return bench.schedule.removeWorker(String(name));
  });
  assertEquals(lost.length, ids.length);
  assert(lost.every((id, index) => id === ids[index]));
});

Deno.test("Schedule gives nothing more out once the rest was taken", () => {
  const bench = new Bench({ ids: ["a", "b", "c"], groupOf: () => "one" });
  bench.schedule.addWorker("0");
  const [{ unit }] = bench.schedule.next();
  assertEquals(bench.schedule.takeRest(), []);
  bench.schedule.testEnded(unit, "a");
  assertEquals(bench.schedule.unitEnded(unit), ["b", "c"]);
  assertEquals(bench.next(), []);
  assert(bench.schedule.isDone);
});
