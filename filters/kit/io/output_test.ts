import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { TempDir } from "../../../tests/support/run.ts";
import {
  anyRun,
  equalBytes,
  itemsIn,
  stream,
} from "../../../tests/support/streams.ts";
import { ToolError } from "../errors.ts";
import { Output, type Sink, writeAll } from "./output.ts";

const GATHERED = 64 * 1024;

/** A sink that keeps each write. */
class Writes implements Sink {
  readonly all: Uint8Array[] = [];
  /** What the next writes throw in place of writing. */
  readonly errors: Error[] = [];
  readonly #most: number;
  readonly #isTerminal: boolean;

  constructor({ most = Infinity, isTerminal = false } = {}) {
    this.#most = most;
    this.#isTerminal = isTerminal;
  }

  writeSync(bytes: Uint8Array): number {
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    const taken = bytes.slice(0, this.#most);
    this.all.push(taken);
    return taken.length;
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }

  get text(): string {
    return new TextDecoder().decode(concat(this.all));
  }

  get lengths(): number[] {
    return this.all.map(({ length }) => length);
  }
}

Deno.test("Output gathers small writes and passes large ones on", () => {
  const cases: [sizes: number[], writes: number[]][] = [
    [[], []],
    [[0], []],
    [[1, 2, 47, 48], [98]],
    [[GATHERED], [GATHERED]],
    [[GATHERED, 1], [GATHERED, 1]],
    [[GATHERED + 1], [GATHERED + 1]],
    [[10, GATHERED + 1, 10], [10, GATHERED + 1, 10]],
    [[10, GATHERED - 9], [10, GATHERED - 9]],
  ];
  for (const [sizes, writes] of cases) {
    const sink = new Writes();
    const out = new Output(sink, "a pipe");
    sizes.forEach((size, at) => out.write(new Uint8Array(size).fill(at)));
    out.flush();
    assertEquals(sink.lengths, writes, String(sizes));
    const expected = sizes.map((size, at) => new Uint8Array(size).fill(at));
    assert(equalBytes(concat(sink.all), concat(expected)));
  }
});

Deno.test("Output keeps the order of bytes, text and items", () => {
  const sink = new Writes();
  const out = new Output(sink, "a pipe");
  const [item] = itemsIn(stream("item "));
  out.writeText("text ");
  out.writeItem(item);
  out.write(stream("bytes "));
  out.writeText("é³ ");
  out.writeRange(stream("not range not"), 4, 10);
  out.writeText("x".repeat(9000));
  out.writeText("end");
  out.flush();
  assertEquals(sink.text, `text item bytes é³ range ${"x".repeat(9000)}end`);
});

Deno.test("Output writes items that stand behind one another as one run", () => {
  const chunk = stream(
    { testId: "a".repeat(GATHERED), status: "success" },
    "text",
    { testId: "b".repeat(GATHERED), status: "fail" },
  );
  const sink = new Writes();
  const out = new Output(sink, "a pipe");
  const items = itemsIn(chunk);
  assertEquals(items.length, 3);
  for (const item of items) out.writeItem(item);
  assertEquals(sink.all.length, 0);
  out.flush();
  assertEquals(sink.lengths, [chunk.length]);
  assert(equalBytes(sink.all[0], chunk));
});

Deno.test("Output writes any items and bytes as they came", () => {
  fc.assert(
    fc.property(
      anyRun({ routes: [undefined] }),
      fc.infiniteStream(fc.boolean()),
      (events, choices) => {
        const sink = new Writes({ most: 1000 });
        const out = new Output(sink, "a pipe");
        const chunk = stream(...events);
        for (const item of itemsIn(chunk)) {
          if (choices.next().value) out.writeItem(item);
          else out.write(item.bytes);
        }
        out.flush();
        return equalBytes(concat(sink.all), chunk);
      },
    ),
    { seed: 20130301, numRuns: 50 },
  );
});

Deno.test("Output makes what comes from a stream harmless on a terminal", () => {
  const written = (isTerminal: boolean) => {
    const sink = new Writes({ isTerminal });
    const out = new Output(sink, "a terminal");
    out.writeName("\x1b[2J ");
    out.writeRow("\x07");
    out.write(stream("\x1b\n"));
    out.writeText("\x1b[m");
    out.flush();
    return sink.text;
  };
  assertEquals(written(false), "\x1b[2J \x07\n\x1b\n\x1b[m");
  assertEquals(written(true), "\\u001b[2J \\u0007\n\\u001b\n\x1b[m");
});

Deno.test("Output writes all when it is flushed, items on a terminal too", () => {
  const sink = new Writes({ isTerminal: true });
  const out = new Output(sink, "a terminal");
  const [item] = itemsIn(stream("item\x07"));
  out.writeText("text ");
  out.writeItem(item);
  out.flush();
  assertEquals(sink.text, "text item\\u0007");
});

Deno.test("Output says where it could not write, and does not try again", () => {
  const sink = new Writes();
  const out = new Output(sink, '"report"');
  out.writeText("lost");
  sink.errors.push(new Error("No space left on device (os error 28)"));
  assertThrows(
    () => out.flush(),
    ToolError,
    'Cannot write "report": no space left on device: what follows is missing there',
  );
  out.writeText("next");
  out.flush();
  assertEquals(sink.text, "next");
});

Deno.test("Output passes on that its reader has left, as no failure of ours", () => {
  const sink = new Writes();
  const out = new Output(sink, "a pipe");
  out.writeText("text");
  sink.errors.push(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  assertThrows(() => out.flush(), Deno.errors.BrokenPipe);
});

Deno.test("writeAll goes on until everything is written", () => {
  const sink = new Writes({ most: 3 });
  sink.errors.push(
    new Deno.errors.WouldBlock("not ready"),
    new Deno.errors.Interrupted("a signal"),
    new Deno.errors.WouldBlock("not ready"),
  );
  writeAll(sink, stream("ten  bytes"));
  assertEquals(sink.lengths, [3, 3, 3, 1]);
  assertEquals(sink.text, "ten  bytes");
  sink.errors.push(new Deno.errors.BadResource("closed"));
  assertThrows(
    () => writeAll(sink, stream("more")),
    Deno.errors.BadResource,
  );
});

Deno.test("Output.toFile makes a file anew, or says why it cannot", () => {
  using dir = new TempDir();
  const path = dir.file("report", "what was there before");
  const out = Output.toFile(path);
  assertEquals(out.isTerminal, false);
  out.writeText("new");
  out.flush();
  assertEquals(Deno.readTextFileSync(path), "new");
  const missing = `${dir.path}/none/report`;
  assertThrows(
    () => Output.toFile(missing),
    ToolError,
    `Cannot write "${missing}": no such file or directory: check the path`,
  );
});
