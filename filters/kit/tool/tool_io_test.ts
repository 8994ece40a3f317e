import { assert, assertEquals } from "@std/assert";
import { memoryOutput } from "../../../tests/support/memory.ts";
import { TempDir, text } from "../../../tests/support/run.ts";
import { damaged, file, stream } from "../../../tests/support/streams.ts";
import { ToolIO } from "./tool_io.ts";

const io = new ToolIO("tool");

Deno.test("ToolIO.openReport keeps standard output for the stream", () => {
  using dir = new TempDir();
  const path = `${dir.path}/report`;
  assert(
    io.openReport({ "output-to": undefined, forward: false }, []) === io.out,
  );
  assert(
    io.openReport({ "output-to": undefined, forward: true }, []) === io.err,
  );
  for (const forward of [false, true]) {
    const out = io.openReport({ "output-to": path, forward }, []);
    out.writeText(`forward: ${forward}`);
    out.flush();
    assertEquals(Deno.readTextFileSync(path), `forward: ${forward}`);
  }
});

Deno.test("ToolIO.passthrough passes the text on that is of no test", () => {
  using dir = new TempDir();
  const path = dir.file(
    "run",
    stream(
      "text\n",
      { testId: "a", ...file("log", "of a test") },
      file("stdout", "of no test\n"),
      damaged({ testId: "a", status: "success" }),
      "end",
    ),
  );
  const cases: [isHidden: boolean, change: boolean, expected: string][] = [
    [false, false, "text\nof no test\nend"],
    [false, true, "[5][11][3]"],
    [true, false, ""],
    [true, true, ""],
  ];
  for (const [isHidden, isChanged, expected] of cases) {
    const { out, written } = memoryOutput();
    const pass = io.passthrough(
      { "no-passthrough": isHidden },
      out,
      isChanged ? ({ length }) => stream(`[${length}]`) : undefined,
    );
    io.forEachItem([path], pass);
    assertEquals(text(written()), expected);
  }
});

Deno.test("ToolIO.forEachItem ends a chunk behind its items, and the stream", () => {
  using dir = new TempDir();
  const packet = stream({ testId: "a", status: "success" });
  const files = [dir.file("one", packet), dir.file("two", packet.slice(0, 5))];
  const calls: string[] = [];
  io.forEachItem(
    files,
    ({ kind }) => calls.push(kind),
    () => calls.push("end of chunk"),
  );
  assertEquals(calls, [
    "packet",
    "end of chunk",
    "end of chunk",
    "damage",
    "end of chunk",
  ]);
});
