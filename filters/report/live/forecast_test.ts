import { assertEquals } from "@std/assert";
import { PacketDecoder, type Rows } from "@subunit/codec";
import { ended, started } from "../../../tests/support/live.ts";
import {
  at,
  type EventFields,
  stream,
} from "../../../tests/support/streams.ts";
import { Forecast, History, RowNumbers } from "./forecast.ts";

function eachRow(
  events: readonly EventFields[],
  take: (rows: Rows, i: number) => void,
): void {
  const decoder = new PacketDecoder();
  decoder.push(stream(...events));
  decoder.drainRows((rows) => {
    for (let i = 0; i < rows.count; i++) take(rows, i);
  }, () => {});
}

function historyOf(...events: EventFields[]): History {
  const history = new History();
  const decoder = new PacketDecoder();
  decoder.push(stream(...events));
  decoder.drainRows((rows) => history.addRows(rows), () => {});
  return history;
}

const lists = (...ids: string[]): EventFields[] =>
  ids.map((testId) => ({ testId, status: "exists" }));

Deno.test("RowNumbers gives a number to each id and route, or to each id", () => {
  const numbers = new RowNumbers(), ids = new RowNumbers();
  const found: number[][] = [];
  eachRow([
    started("a"),
    started("a", { routeCode: "0" }),
    started("b"),
    started("a"),
  ], (rows, i) => {
    const before = numbers.get(rows, i), idBefore = ids.getAnywhere(rows, i);
    found.push([
      before,
      numbers.add(rows, i),
      idBefore,
      ids.addAnywhere(rows, i),
    ]);
  });
  assertEquals(found, [[-1, 0, -1, 0], [-1, 1, 0, 0], [-1, 2, -1, 1], [
    0,
    0,
    0,
    0,
  ]]);
  assertEquals([numbers.size, ids.size], [3, 2]);
});

Deno.test("Forecast counts the tests that are listed, once each, if they can run", () => {
  const forecast = new Forecast();
  assertEquals(forecast.total(5), undefined);
  assertEquals(forecast.secondsLeft(1, 1, 10), undefined);
  const events = [
    ...lists("a", "b", "c", "a"),
    { testId: "exit status", status: "exists", runnable: false } as const,
  ];
  eachRow(events, (rows, i) => forecast.list(rows, i));
  assertEquals(forecast.total(0), 3);
  // More have run than were listed.
  assertEquals(forecast.total(7), 7);
  assertEquals(forecast.secondsLeft(0, 0, 10), undefined);
  assertEquals(forecast.secondsLeft(1, 2, 10), 20);
  assertEquals(forecast.secondsLeft(3, 3, 10), 0);
});

Deno.test("Forecast prefers what it is told, then the list, then an earlier stream", () => {
  const history = historyOf(ended("a"), ended("b"));
  const told = new Forecast({ total: 9, history });
  const listing = new Forecast({ history });
  eachRow(lists("a", "b", "c"), (rows, i) => {
    told.list(rows, i);
    listing.list(rows, i);
  });
  assertEquals(told.total(0), 9);
  assertEquals(listing.total(0), 3);
  assertEquals(new Forecast({ history }).total(0), 2);
});

Deno.test("Forecast knows by an earlier stream that the slow tests are still to come", () => {
  const history = historyOf(
    started("fast", { timestamp: at("01:00:00"), routeCode: "0" }),
    started("slow", { timestamp: at("01:00:00") }),
    ended("fast", "success", { timestamp: at("01:00:01"), routeCode: "0" }),
    ended("slow", "fail", { timestamp: at("01:00:09") }),
    // Twice, on two routes: each took 5 seconds.
    started("both", { timestamp: at("01:00:10"), routeCode: "1" }),
    started("both", { timestamp: at("01:00:10"), routeCode: "2" }),
    ended("both", "success", { timestamp: at("01:00:14"), routeCode: "1" }),
    ended("both", "success", { timestamp: at("01:00:16"), routeCode: "2" }),
    ended("unknown"),
  );
  assertEquals([history.count, history.seconds], [5, 20]);
  const forecast = new Forecast({ history });
  assertEquals(forecast.wantsEnds, true);
  const left: (number | undefined)[] = [forecast.secondsLeft(0, 1, 2)];
  eachRow(
    [
      // On another route than before.
      ended("fast", "success", { routeCode: "7" }),
      ended("both", "success", { routeCode: "1" }),
      ended("new"),
      ended("slow"),
      ended("both"),
    ],
    (rows, i) => {
      forecast.end(rows, i);
      // As long per second of work as so far, two side by side.
      left.push(forecast.secondsLeft(1, 1, 2));
    },
  );
  assertEquals(left, [
    undefined,
    38,
    14 * 2 / 6,
    14 * 2 / 6,
    5 * 2 / 15,
    0,
  ]);
});

Deno.test("Forecast counts tests where the earlier stream has no times", () => {
  const history = historyOf(ended("a"), ended("b"), ended("c"), ended("d"));
  const forecast = new Forecast({ history });
  eachRow([ended("a")], (rows, i) => forecast.end(rows, i));
  assertEquals(forecast.secondsLeft(1, 1, 2), 6);
});
