/**
 * How long tests took and which failed, from earlier streams and repositories.
 *
 * @module
 */

import { type StreamItem, TestCollator } from "@subunit/codec";
import type { Past } from "../../history/repository/past.ts";
import { isDirectory } from "../../kit/io/files.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";

/** What is known of tests before they run. */
export interface Earlier {
  /** How long a test took, in seconds; undefined if that is unknown. */
  secondsOf(id: string): number | undefined;
  /** The tests that fail, of repositories. */
  readonly failing: ReadonlySet<string>;
}

/** Reads streams, and folders that are repositories of runs. */
export async function readEarlier(
  io: ToolIO,
  paths: readonly string[],
): Promise<Earlier> {
  const durations = new Durations(), pasts: Past[] = [];
  for (const path of paths) {
    if (isDirectory(path)) {
      // Loaded only here: every module adds to the start-up time.
      const { Past } = await import("../../history/repository/past.ts");
      pasts.push(await Past.read(io, path));
    } else {
      const { count } = durations;
      io.forEachItem(
        [path],
        (item) => durations.add(item),
        () => durations.endChunk(),
      );
      if (durations.count === count) warnOfNone(io, path);
    }
  }
  return {
    failing: new Set(pasts.flatMap(({ failing }) => failing)),
    secondsOf(id) {
      let seconds = durations.secondsOf(id);
      for (const past of pasts) seconds ??= past.secondsOf(id);
      return seconds;
    },
  };
}

function warnOfNone(io: ToolIO, path: string): void {
  io.warn(`${path} has no test that ended`);
}

/** Durations by the ids of tests; the last one counts. */
class Durations {
  readonly #seconds = new Map<string, number>();
  readonly #collator = new TestCollator();
  /** How many tests have ended. */
  count = 0;

  /** Adds an item, which must stay valid until {@linkcode endChunk}. */
  add(item: StreamItem): void {
    if (item.kind !== "packet") return;
    const test = this.#collator.add(item);
    if (test !== undefined) this.count++;
    if (test?.seconds === undefined) return;
    // A clock may be set back, and what was skipped says nothing.
    if (test.seconds < 0 || test.outcome === "skip") return;
    this.#seconds.set(test.testId, test.seconds);
  }

  /** Copies what is needed later, before the items become invalid. */
  endChunk(): void {
    this.#collator.own();
  }

  /** How long a test took, in seconds; undefined if that is unknown. */
  secondsOf(id: string): number | undefined {
    return this.#seconds.get(id);
  }
}
