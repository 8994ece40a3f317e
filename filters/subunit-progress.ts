#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-env=FORCE_COLOR,NO_COLOR,TERM
/**
 * subunit-progress: shows a run on standard error while it goes on: failures as
 * they happen, what runs and for how long, and how long it will take.
 *
 * @module
 */

import { GroupLog } from "./github/group_log.ts";
import { UsageError } from "./kit/errors.ts";
import { isDirectory } from "./kit/io/files.ts";
import { isStdin } from "./kit/io/input.ts";
import { hasColors, movesCursor, terminalSize } from "./kit/io/terminal.ts";
import { Forecast, History } from "./report/live/forecast.ts";
import {
  PlainScreen,
  type Screen,
  TerminalScreen,
} from "./report/live/screens.ts";
import { Style } from "./report/live/spans.ts";
import { type Detail, watch } from "./report/live/watch.ts";
import {
  defineTool,
  OUTPUT_OPTIONS,
  parseChoice,
  parseCount,
  parseDuration,
  PASSTHROUGH_OPTION,
  REPORT_STATUS,
  runTool,
  type Tool,
  type ToolIO,
} from "./kit/tool/tool.ts";

const DETAILS = {
  bar: "failures",
  names: "names",
  dots: "letters",
  github: "failures",
} as const satisfies Record<string, Detail>;
const FORMATS = ["bar", "names", "dots", "github"] as const;
type Format = typeof FORMATS[number];

export const tool: Tool = defineTool({
  name: "subunit-progress",
  summary: "Show a run while it goes on, on standard error",
  operands: "[FILE...]",
  options: {
    format: {
      value: "NAME",
      help: "bar (default), names or dots of all tests, or github: groups",
    },
    total: { value: "N", help: "how many tests there will be" },
    history: {
      value: "FILE",
      help: "learn from an earlier stream or repository how many and how long",
    },
    every: {
      value: "TIME",
      help: "how often there is a line without a terminal: 30s (default)",
    },
    stall: {
      value: "TIME",
      help: "name tests that have been silent for so long: 60s, 5m",
    },
    "stall-fail": { help: "end with 1 when a test is stalled (60s)" },
    forward: OUTPUT_OPTIONS.forward,
    ...PASSTHROUGH_OPTION,
  },
  notes:
    `On a terminal, failures with the first lines of their reasons scroll above a
block: how many tests ended and how, the time, tests a second, the time left, and
what runs, longest first. Elsewhere there is a line every 30 seconds while
something runs. The time left is known from tests that the stream lists, from
--total or from --history. At the end: failures, lost, flaky and slowest tests.
Stalled tests are named with the last lines that they wrote; nothing is killed.
SIGUSR1 asks what runs now. Text between the packets is shown above the block;
with --forward it passes on with the stream. Of a flood of failures, the reasons
of the first 1000 are shown. NO_COLOR and FORCE_COLOR are obeyed.`,
  exitStatus: REPORT_STATUS,
  examples: [
    "./runner | subunit-progress --history last.subunit",
    "./runner | subunit-progress -f --stall 60s | subunit2junitxml > report.xml",
  ],
  // A read that waits would keep the process alive.
  forcesExit: true,
  async run(io, options, files) {
    const format = parseChoice("format", options.format ?? "bar", FORMATS);
    const every = parseDuration("every", options.every ?? "30s");
    const isWatched = options.stall !== undefined || options["stall-fail"];
    const stall = isWatched
      ? parseDuration("stall", options.stall ?? "60s")
      : undefined;
    const total = options.total === undefined
      ? undefined
      : parseCount("total", options.total);
    const forecast = new Forecast({
      total,
      history: options.history === undefined
        ? undefined
        : await readHistory(io, options.history),
    });
    return watch(io, files, screenFor(io, format), forecast, {
      detail: DETAILS[format],
      showsText: !options.forward && !options["no-passthrough"],
      every,
      stall,
      forward: options.forward,
      stallFails: options["stall-fail"],
    }, () => performance.now());
  },
});

async function readHistory(io: ToolIO, file: string): Promise<History> {
  if (isStdin(file)) {
    throw new UsageError("Option --history takes no standard input");
  }
  const history = new History();
  if (isDirectory(file)) {
    // Loaded only here: every module adds to the start-up time.
    const { Past } = await import("./history/repository/past.ts");
    // Below it is said whether there is a test.
    const { newestWide } = await Past.read({ warn() {} }, file);
    for (const run of newestWide) {
      await run.forEachRows((rows) => history.addRows(rows), () => {});
    }
  } else io.forEachRows([file], (rows) => history.addRows(rows), () => {});
  if (history.count === 0) io.warn(`${file} has no test that ended`);
  return history;
}

function screenFor({ err }: ToolIO, format: Format): Screen {
  const style = new Style(hasColors(err.isTerminal));
  if (format === "github") return new GroupLog(err, style);
  return err.isTerminal && movesCursor()
    ? new TerminalScreen(err, style, terminalSize)
    : new PlainScreen(err, style);
}

if (import.meta.main) runTool(tool);
