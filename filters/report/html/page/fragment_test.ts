import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  COLUMNS,
  formatFragment,
  parseFragment,
  type State,
  VIEWS,
} from "./fragment.ts";

const EMPTY: State = {
  view: undefined,
  q: "",
  sort: undefined,
  test: undefined,
  zoom: undefined,
};

const FRAGMENTS: readonly [fragment: string, state: Partial<State>][] = [
  ["", {}],
  ["#view=timeline", { view: "timeline" }],
  ["#view=timeline&zoom=1.5-2", { view: "timeline", zoom: [1.5, 2] }],
  ["#q=status%3Afail+a%26b", { q: "status:fail a&b" }],
  ["#sort=seconds", { sort: { column: "seconds", descending: false } }],
  ["#sort=-seconds", { sort: { column: "seconds", descending: true } }],
  ["#test=17", { test: 17 }],
];

for (const [fragment, state] of FRAGMENTS) {
  Deno.test(`fragment "${fragment}" is read and written`, () => {
    assertEquals(parseFragment(fragment), { ...EMPTY, ...state });
    assertEquals(formatFragment({ ...EMPTY, ...state }), fragment);
  });
}

const DROPPED = [
  "#view=nothing",
  "#view=",
  "#sort=colour",
  "#sort=-",
  "#test=0",
  "#test=-1",
  "#test=1e9",
  "#test=999999999999999999999",
  "#zoom=2-1",
  "#zoom=1",
  "#zoom=a-b",
  "#%",
  "#&&==&",
];

for (const fragment of DROPPED) {
  Deno.test(`fragment "${fragment}" is as good as none`, () => {
    assertEquals(parseFragment(fragment), EMPTY);
  });
}

Deno.test("a state survives its fragment", () => {
  const seconds = fc.integer({ min: 0, max: 1e9 }).map((n) => n / 1e3);
  const states = fc.record<State>({
    view: fc.option(fc.constantFrom(...VIEWS), { nil: undefined }),
    q: fc.string({ unit: "grapheme" }).map((text) => text.toWellFormed()),
    sort: fc.option(
      fc.record({
        column: fc.constantFrom(...COLUMNS),
        descending: fc.boolean(),
      }),
      { nil: undefined },
    ),
    test: fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
    zoom: fc.option(
      fc.tuple(seconds, seconds).filter(([from, to]) => from < to),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(states, (state) => {
      assertEquals(parseFragment(formatFragment(state)), state);
    }),
    { seed: 15 },
  );
});
