#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-env=SUBUNIT_REPO
/**
 * subunit-last: writes a run of a repository as a stream, with the records
 * around it.
 *
 * @module
 */

import { PacketDecoder } from "@subunit/codec";
import { findRuns } from "./history/repository/refs.ts";
import { isGoodAsRead } from "./history/repository/stats.ts";
import { REPO_OPTION, type Run, runsOf } from "./history/repository/store.ts";
import { Labeller } from "./merge/labeller.ts";
import {
  chosenOption,
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";

/** Writes a run under a route, whole packets and everything between them. */
async function writeUnder(io: ToolIO, label: string, run: Run): Promise<void> {
  const labeller = new Labeller(io.out, label, false);
  const decoder = new PacketDecoder();
  const drain = () =>
    decoder.drainRows(
      (rows) => labeller.writeRows(rows, (packet) => labeller.write(packet)),
      (item) => labeller.write(item),
    );
  for await (const chunk of run.chunks()) {
    decoder.push(chunk);
    drain();
    io.out.flush();
  }
  decoder.end();
  drain();
  io.out.flush();
}

export const tool: Tool = defineTool({
  name: "subunit-last",
  summary: "Write a run of a repository as a stream",
  operands: "[REF]",
  takesDashes: true,
  options: {
    ...REPO_OPTION,
    bare: { help: "leave out the records: only what came" },
    record: { help: "write what is known of the run, as JSON" },
    path: { help: "write the path of its file" },
    running: { help: "also find a run that is still being written" },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `REF is nothing for the newest run that has ended, -2 for the one before, the name
of a run or the beginning of it or of its second half, or @ and words that all hold:
pass, fail, full (of all tests), a branch, a commit, group:, variant:, branch: or
commit: and a name, or -2. All parts of a group are one stream, each under its number
as its route. Options are long.`,
  exitStatus: [
    "the run was written",
    "there is no such run; with --exit-status: a test failed or was lost in it",
  ],
  examples: [
    "subunit-last | subunit2junitxml > report.xml",
    "subunit-last @main,pass | subunit-diff - run.subunit",
  ],
  async run(io, options, [ref, ...more]) {
    if (more.length > 0) throw new UsageError("Expected one REF");
    chosenOption(options, ["bare", "record", "path"]);
    const all = runsOf(options, []);
    const mayRun = options.running;
    const runs = await findRuns(
      all,
      ref,
      ({ state }) => state === "ended" || mayRun && state === "running",
    );
    if (runs.length === 0) {
      io.warn(
        all.length === 0
          ? "The repository has no runs"
          : `There is no such run: ${ref ?? "none has ended"}`,
      );
      return 1;
    }
    if (ref === undefined) {
      const newer = all.slice(all.indexOf(runs[0]) + 1)
        .filter(({ state }) => state === "torn");
      if (newer.length > 0) {
        io.warn(
          `A newer run is torn, its writer was killed: ${newer.at(-1)!.id}`,
        );
      }
    }
    let status = 0;
    for (const run of runs) {
      const { id, path, state, start } = run;
      if (options.path) io.out.writeRow(path);
      else if (options.record) {
        const record = { id, state, path, start, end: await run.end() };
        io.out.writeRow(JSON.stringify(record));
      } else if (/^@(.*,)?group:/.test(ref ?? "")) {
        await writeUnder(io, start.part?.split("/")[0] ?? id, run);
      } else {
        for await (const chunk of run.chunks({ bare: options.bare })) {
          io.out.write(chunk);
          io.out.flush();
        }
      }
      if (options["exit-status"] && !await isGoodAsRead(run)) status = 1;
    }
    return status;
  },
});

if (import.meta.main) runTool(tool);
