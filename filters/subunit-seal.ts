#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-seal: pass a stream on unchanged, and behind its end fail every test
 * that started and never ended, or that was expected and never came.
 *
 * @module
 */

import type { StreamItem, Timestamp } from "@subunit/codec";
import { readList } from "./kit/tool/list_file.ts";
import { lostTest, type Missing, writeFailure } from "./kit/stream/failures.ts";
import { textOf } from "./kit/io/item_bytes.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import { TextTails } from "./kit/stream/text_tails.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

function absentTest(testId: string): Missing {
  return { testId, runnable: true, reason: "The test never started." };
}

/** Tests that must come, and have not yet. */
export class Expected {
  readonly #ids: Set<string>;
  /** Tests that came before they were listed. */
  readonly #seen = new Set<string>();
  readonly #listed: boolean;

  /** @param listed whether tests the stream says to exist must come too */
  constructor(ids: Iterable<string>, listed: boolean) {
    this.#ids = new Set(ids);
    this.#listed = listed;
  }

  /** Takes notice of an item. */
  see(item: StreamItem): void {
    if (item.kind !== "packet" || item.idAt < 0) return;
    if (this.#ids.size === 0 && !this.#listed) return;
    const testId = item.testId!;
    if (item.status !== "exists") {
      this.#ids.delete(testId);
      if (this.#listed) this.#seen.add(testId);
    } else if (this.#listed && !this.#seen.has(testId)) {
      this.#ids.add(testId);
    }
  }

  /** The tests that have not come, in the order in which they were named. */
  get absent(): Iterable<string> {
    return this.#ids;
  }
}

/** Enough for any header that breaks off before it says a length. */
const HEADER_PADDING = 16;

/**
 * How many line feeds must stand behind the last item of a stream, lest a
 * reader take what follows for a part of it: half a character makes text of a
 * packet's first byte, and a Python reader gives a torn packet all the bytes
 * its header claims.
 */
export function paddingBehind(item: StreamItem): number {
  switch (item.kind) {
    case "packet":
      return 0;
    case "foreign":
      return 1;
    case "damage":
      return item.code === "truncated"
        ? item.fault.missingBytes ?? HEADER_PADDING
        : 0;
  }
}

export const tool: Tool = defineTool({
  name: "subunit-seal",
  summary: "Fail the tests that a subunit stream lost, behind its end",
  operands: "[FILE...]",
  options: {
    expect: {
      value: "FILE",
      help: "fail the tests in the file that are not there",
    },
    "expect-listed": { help: "fail the tests said to exist that did not run" },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `The stream passes on unchanged. A test that started and never ended gets a
failure tagged "lost", with the last output seen; FILE has a test id a line.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "./runner | subunit-seal > run.subunit",
    "./runner --load-list ids | subunit-seal --expect ids | subunit-ls --failing",
  ],
  run(io, options, files) {
    const ids = options.expect === undefined
      ? []
      : readList(io, options.expect);
    const expected = new Expected(ids, options["expect-listed"]);
    const verdict = new Verdict();
    const tails = new TextTails();
    let latest: Timestamp | undefined;
    let padding = 0;
    io.forEachItem(files, (item) => {
      io.out.writeItem(item);
      padding = paddingBehind(item);
      verdict.add(item);
      expected.see(item);
      const text = textOf(item);
      if (text !== undefined) {
        tails.add(item.kind === "packet" ? item.routeCode : undefined, text);
      }
      if (item.kind === "packet") latest = item.timestamp ?? latest;
    });
    const missing = [
      ...verdict.end().map(lostTest),
      ...Array.from(expected.absent, absentTest),
    ];
    if (missing.length > 0) io.out.writeText("\n".repeat(padding));
    for (const test of missing) {
      writeFailure(io.out, test, tails.get(test.routeCode), latest);
    }
    const isGood = missing.length === 0 && verdict.exitStatus === 0;
    return options["exit-status"] && !isGood ? 1 : 0;
  },
});

if (import.meta.main) runTool(tool);
