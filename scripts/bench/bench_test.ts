import { assertEquals } from "@std/assert";
import { crossing } from "./crc.ts";
import { type Goal, verdict } from "./goals.ts";
import { median } from "./measure.ts";
import { figureText, formatTable, pick } from "./table.ts";
import { cut } from "./corpora.ts";
import { GROWTH_ROWS } from "./growth.ts";
import { toolNames } from "../tool_path.ts";

Deno.test("median takes the middle of an odd and of an even number", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([10, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
});

Deno.test("figureText keeps three digits and does not invent a figure", () => {
  const cases: [number | undefined, string][] = [
    [undefined, "-"],
    [0.04567, "0.046"],
    [1.005, "1.00"],
    [12.345, "12.3"],
    [1234.5, "1235"],
  ];
  for (const [figure, text] of cases) assertEquals(figureText(figure), text);
});

Deno.test("formatTable puts figures to the right and words to the left", () => {
  assertEquals(
    formatTable([
      ["", "x cat", "goals"],
      ["scan", "1.5", "2x"],
      ["subunit-ls", "-", "50x Python"],
    ]),
    "            x cat  goals\n" +
      "scan          1.5  2x\n" +
      "subunit-ls      -  50x Python\n",
  );
});

Deno.test("verdict names what is missed and what is not known", () => {
  const goal = (text: string, met: boolean | undefined): Goal => ({
    text,
    isMet: () => met,
  });
  const row = { best: 1, median: 1, peakMemory: 1 };
  const met = goal("1 GB/s", true);
  const missed = goal("1.5x cat", false);
  const unknown = goal("60x Python", undefined);
  assertEquals(verdict([], row), "ok");
  assertEquals(verdict([met], row), "ok");
  assertEquals(verdict([met, missed, unknown], row), "MISSED 1.5x cat");
  assertEquals(verdict([met, unknown], row), "ok (unknown: 60x Python)");
});

Deno.test("pick takes the rows with one of the words in their names", () => {
  const rows = ["scan small", "subunit-ls small", "crc"]
    .map((name) => ({ name }));
  assertEquals(pick(rows, []), rows);
  assertEquals(pick(rows, ["small"]), rows.slice(0, 2));
  assertEquals(pick(rows, ["crc", "ls"]), rows.slice(1));
  assertEquals(pick(rows, ["junit"]), []);
});

Deno.test("crossing is behind the last size at which tables are faster", () => {
  const at = (size: number, table: number, builtIn: number) => ({
    size,
    table,
    builtIn,
  });
  assertEquals(crossing([at(1, 1, 2), at(2, 2, 1), at(3, 3, 1)]), 2);
  assertEquals(crossing([at(1, 2, 1), at(2, 1, 2), at(3, 3, 1)]), 3);
  assertEquals(crossing([at(1, 1, 2)]), Infinity);
});

Deno.test("cut fills what is asked for and breaks no piece", () => {
  const piece = (length: number) => ({
    bytes: new Uint8Array(length),
    packets: 1,
  });
  const block = [piece(4), piece(6)];
  const cases: [bytes: number, times: number, rest: number][] = [
    [0, 0, 0],
    [1, 0, 1],
    [4, 0, 1],
    [5, 0, 2],
    [10, 1, 0],
    [31, 3, 1],
  ];
  for (const [bytes, times, rest] of cases) {
    assertEquals(cut(block, bytes), { times, rest: block.slice(0, rest) });
  }
});

Deno.test("growth is measured of every tool that reads a stream", () => {
  const measured = new Set(GROWTH_ROWS.map(({ tool }) => tool));
  assertEquals(toolNames().filter((name) => !measured.has(name)), [
    // It has rows of its own.
    "gpg-signed-stream",
    // They read commands.
    "subunit-attach",
    "subunit-ctl",
    // A command decides what it reads; as the converters read it.
    "subunit-exec",
    // They read repositories.
    "subunit-failing",
    "subunit-history",
    "subunit-last",
    // It keeps what it reads, and the file system takes the time.
    "subunit-load",
    // It reads no stream.
    "subunit-output",
    "subunit-prune",
    // Its workers decide what it reads.
    "subunit-run",
    "subunit-runs",
    // They read commands.
    "subunit-serve",
    "subunit-worker",
    // It makes a file of each part, and the file system takes the time.
    "subunit2disk",
  ]);
});
