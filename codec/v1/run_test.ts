import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { V1Run } from "./run.ts";

const encoder = new TextEncoder();

/** What a run makes of lines, which are read at once where `isQuick`. */
function read(lines: readonly string[], isQuick: boolean): string[] {
  const found: string[] = [];
  const run = new V1Run(({ testId, status, timestamp, tags }) => {
    found.push(JSON.stringify({ testId, status, timestamp, tags }));
  }, {});
  const source = encoder.encode(lines.join(""));
  const view = new DataView(source.buffer);
  for (let at = 0; at < source.length;) {
    const stop = source.indexOf(0x0a, at) + 1;
    if (run.isInDetails) {
      run.readDetails(source.subarray(at, stop));
    } else {
      const known = isQuick
        ? run.readKnown(source, view, at, source.length)
        : -1;
      if (known >= 0) assertEquals(known, stop);
      else if (!run.read(source, view, at, stop)) found.push("text");
    }
    at = stop;
  }
  run.end();
  return found;
}

Deno.test("V1Run.readKnown does what V1Run.read does, seed 7", () => {
  const line = fc.tuple(
    fc.constantFrom(
      "test: ",
      "test ",
      "success: ",
      "failure:",
      "skip ",
      "time: ",
      "tags: ",
      "tags:",
    ),
    fc.constantFrom("", "", " "),
    fc.constantFrom(
      ..."a|a|a|ab|a b|-a|b -a|ü|\0|a [|\x1f|2026-01-31 12:00:00Z|2026-01-31 12:00:00.25|2026-01-31 12:00:00."
        .split("|"),
    ),
    fc.constantFrom("\n", "\n", "\r\n", " \n"),
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      assertEquals(read(lines, true), read(lines, false));
    }),
    { seed: 7, numRuns: 8000 },
  );
});
