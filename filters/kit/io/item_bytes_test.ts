import { assert, assertEquals } from "@std/assert";
import { PacketDecoder, type StreamItem } from "@subunit/codec";
import {
  damaged,
  equalBytes,
  file,
  itemsIn,
  stream,
} from "../../../tests/support/streams.ts";
import { ByteRuns, joinItems, textOf } from "./item_bytes.ts";

const CHUNK = stream(
  "text",
  { testId: "a", status: "success" },
  damaged({ testId: "b", status: "success" }),
  { testId: "c", status: "fail" },
);

/** More packets than there are rows at a time. */
const PACKETS = stream(
  ...Array.from({ length: 600 }, (_, i) => ({ testId: `${i}` })),
);

Deno.test("joinItems gives a view where items stand behind one another", () => {
  const items = itemsIn(CHUNK);
  assertEquals(items.map(({ kind }) => kind), [
    "foreign",
    "packet",
    "damage",
    "packet",
  ]);
  for (let from = 0; from <= items.length; from++) {
    for (let to = from; to <= items.length; to++) {
      const part = items.slice(from, to);
      const joined = joinItems(part);
      assert(equalBytes(joined, stream(...part.map(({ bytes }) => bytes))));
      if (part.length === 0) continue;
      assertEquals(joined.buffer, part[0].bytes.buffer);
    }
  }
});

Deno.test("joinItems copies where items are apart", () => {
  const [first, , , last] = itemsIn(CHUNK);
  const other = itemsIn(stream("elsewhere"));
  const cases: StreamItem[][] = [[first, last], [last, first], [
    first,
    ...other,
  ]];
  for (const items of cases) {
    const expected = stream(...items.map(({ bytes }) => bytes));
    assert(equalBytes(joinItems(items), expected));
  }
});

Deno.test("ByteRuns joins rows and items as joinItems joins items", () => {
  const bytes = stream(CHUNK, CHUNK, PACKETS, CHUNK);
  const decode = () => {
    const decoder = new PacketDecoder();
    decoder.push(bytes);
    decoder.end();
    return decoder;
  };
  const isPassing = [
    (_: StreamItem) => true,
    (item: StreamItem) => item.kind !== "foreign",
    (item: StreamItem) => item.kind !== "damage",
  ];
  const runs = new ByteRuns();
  for (const passes of isPassing) {
    decode().drainRows((rows) => runs.addRows(rows), (item) => {
      if (passes(item)) runs.addItem(item);
    });
    const joined = runs.take();
    const items = itemsIn(bytes).filter(passes);
    assert(equalBytes(joined, joinItems(items)));
    assertEquals(joined.buffer === bytes.buffer, passes === isPassing[0]);
    assertEquals(runs.take().length, 0);
  }
});

Deno.test("textOf finds the text between packets and in files of no test", () => {
  const items = itemsIn(stream(
    "between\n",
    file("stdout", "of no test"),
    { testId: "a", ...file("log", "of a test") },
    { testId: "a", status: "success" },
    damaged({ testId: "b", status: "success" }),
    { tags: ["of", "nothing"] },
  ));
  assertEquals(
    items.map((item) => textOf(item)),
    [stream("between\n"), stream("of no test"), ...new Array(4)],
  );
});
