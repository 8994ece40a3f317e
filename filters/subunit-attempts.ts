#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-attempts: numbers the attempts at each test and marks the one that
 * decides, and the tests that are flaky. Nothing but tags changes.
 *
 * @module
 */

import { Attempts, POLICIES } from "./history/attempts.ts";
import { AttemptTagger, Faults } from "./history/attempt_tags.ts";
import { flakyLines, readHistory } from "./history/flaky_report.ts";
import { readTwice } from "./kit/stream/two_passes.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  parseChoice,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-attempts",
  summary:
    "Mark the attempts at each test of a subunit stream, and flaky tests",
  operands: "[FILE...]",
  options: {
    policy: {
      value: "NAME",
      help:
        "the attempt that decides: last (default), any that passed, all must pass, first",
    },
    "fail-on-flaky": {
      help: "exit 1 when attempts at a test passed and failed",
    },
    collapse: {
      help: "write one outcome per test, with the other attempts as its files",
    },
    "by-route": { help: "do not take results on two routes for attempts" },
    report: {
      help: "write the flaky tests as lines, in place of the stream",
    },
    history: {
      value: "FILE",
      list: true,
      help: "with --report: an older run, or a repository; oldest first",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `The last packet of each attempt gets the tag attempt-N, by the order in which the
attempts started, and the one that decides the tag decisive. All attempts at a test
that passed and failed get the tag flaky, and flaky-same if every failure has the
same tag fault:ID. A skipped attempt decides only where all were skipped.
The input is read twice: what is not a file is first kept in a temporary one.
The columns of the report are: lower bound of the rate at 95 %, flips/runs, the
outcomes of this run's attempts, the test; separated by tabs, worst first.`,
  exitStatus: [
    "done; with --report: no test failed",
    "with --exit-status or --report: a decisive attempt failed or was lost, or the stream is damaged; with --fail-on-flaky: a test is flaky",
  ],
  examples: [
    "cat run.subunit rerun.subunit | subunit-attempts --policy any | subunit-filter -s --with-tag decisive",
    "subunit-attempts --report --history old.subunit run.subunit",
  ],
  async run(io, options, files) {
    const policy = parseChoice("policy", options.policy ?? "last", POLICIES);
    const { collapse, report } = options;
    if (options.history.length > 0 && !report) {
      throw new UsageError("Option --history needs --report");
    }
    if (report && collapse) {
      throw new UsageError(
        "Options --report and --collapse exclude each other",
      );
    }
    const byRoute = options["by-route"];
    const attempts = new Attempts(byRoute), faults = new Faults();
    const verdict = new Verdict();
    const judgement = () => judged ??= attempts.judge(policy);
    let judged: ReturnType<Attempts["judge"]> | undefined;
    readTwice(
      io,
      files,
      {
        takeRows(rows) {
          for (let i = 0; i < rows.count; i++) {
            const attempt = attempts.addRow(rows, i);
            if (verdict.addRow(rows, i) === 0 || !attempts.fails(attempt)) {
              continue;
            }
            faults.add(attempts.testOf(attempt), verdict.endedTags(rows, i));
          }
        },
        takeOther(item) {
          if (item.kind === "damage") io.reportDamage(item);
          verdict.add(item);
        },
        endChunk: () => verdict.endChunk(),
      },
      report ? undefined : () => {
        // Both have the lost tests in the order in which they started.
        const lost = new Map<number, readonly string[]>(),
          ids = attempts.lost();
        for (const { tags } of verdict.end()) {
          const attempt = ids.next().value!;
          lost.set(attempt, tags);
          faults.add(attempts.testOf(attempt), tags);
        }
        const tagger = new AttemptTagger(
          attempts,
          new Attempts(byRoute),
          judgement(),
          faults,
          lost,
          io.out,
          collapse,
        );
        return {
          takeRows: (rows) => tagger.takeRows(rows),
          takeOther: (item) => io.out.writeItem(item),
          endChunk: () => tagger.endChunk(),
        };
      },
    );
    if (report) {
      const history = await readHistory(io, options.history, policy, byRoute);
      for (const line of flakyLines(history, attempts, judgement())) {
        io.out.writeRow(line);
      }
    }
    if (options["fail-on-flaky"] && judgement().flaky > 0) {
      io.warn(`${judgement().flaky} tests are flaky`);
      return 1;
    }
    const { complaint, summary } = verdict;
    if (!report && !options["exit-status"]) {
      // What is no stream at all has no test that could be flaky.
      return options["fail-on-flaky"]
        ? io.conclude({ exitStatus: complaint ? 1 : 0, complaint })
        : 0;
    }
    const isGood = complaint === undefined && summary.damage === 0 &&
      judgement().failed === 0;
    return io.conclude({ exitStatus: isGood ? 0 : 1, complaint });
  },
});

if (import.meta.main) runTool(tool);
