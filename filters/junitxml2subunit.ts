#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * junitxml2subunit: converts JUnit XML reports to a stream. A broken report is
 * converted up to its error, and the exit status is 2.
 *
 * @module
 */

import { now } from "@subunit/codec";
import { JunitDecoder } from "@subunit/codec/junit";
import { EventWriter, partsOf } from "./kit/stream/event_writer.ts";
import { ForeignFormat } from "./kit/stream/foreign_format.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

/** The exit status when a file is not XML, or not a report. */
const EXIT_BROKEN = 2;

export const tool: Tool = defineTool({
  name: "junitxml2subunit",
  summary: "Convert JUnit XML reports to a subunit stream",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `A test's id is classname.name; if the class identifies nothing, it is the suites
and the name: "cart > adds". Its tags are suite:NAME for each enclosing suite,
host:NAME for the hostname (a project in Playwright's reports), class:NAME if the
id does not show the class, and repeat:1 and so on if an earlier suite of the
report has the same name. Text before the report passes on. Runs that do not
count, such as Surefire's reruns, are files of one test with the tags attempt-1,
attempt-2 and so on, and flaky if it passed.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "junitxml2subunit build/test-results/test/*.xml | subunit-ls --failing",
    "junitxml2subunit --exit-status report.xml > run.subunit",
  ],
  run(io, options, files) {
    const writer = new EventWriter(io, options);
    let isBroken = false;
    for (const file of files.length > 0 ? files : ["-"]) {
      const decoder = new JunitDecoder({ now });
      const format = new ForeignFormat();
      for (const chunk of io.chunks([file])) {
        if (!decoder.hasBegun) format.add(chunk);
        for (const part of partsOf([chunk])) writer.write(decoder.push(part));
        if (decoder.error !== undefined) break;
      }
      writer.write(decoder.end());
      if (decoder.error === undefined) continue;
      isBroken = true;
      const name = file === "-" ? "standard input" : `"${file}"`;
      io.out.flush();
      const { converter } = format;
      io.warn(
        decoder.hasBegun
          ? `Cannot read ${name}, ${decoder.error}: everything before was converted`
          : `Cannot read ${name}: ${decoder.error}: ${
            converter
              ? `use ${converter}`
              : "check the command that should have written it"
          }`,
      );
    }
    const status = writer.end();
    return isBroken ? EXIT_BROKEN : status;
  },
});

if (import.meta.main) runTool(tool);
