import { assertEquals } from "@std/assert";
import { memoryOutput } from "../../tests/support/memory.ts";
import { addTo, ended, started, TRACEBACK } from "../../tests/support/live.ts";
import { text } from "../../tests/support/run.ts";
import { textFile } from "../../tests/support/streams.ts";
import { Forecast } from "../report/live/forecast.ts";
import { Style } from "../report/live/spans.ts";
import { LiveView } from "../report/live/watch.ts";
import { GroupLog } from "./group_log.ts";

Deno.test("GroupLog folds each failure and section, and lets no text issue commands", () => {
  const { out, written } = memoryOutput();
  const view = new LiveView(
    new GroupLog(out, new Style(false)),
    new Forecast(),
    {
      detail: "failures",
      showsText: true,
      every: 30,
      stall: 60,
    },
    0,
  );
  addTo(
    view.run,
    "  ::error::a\nhalf",
    started("::warning::t\n::error::"),
    {
      testId: "::warning::t\n::error::",
      ...textFile("traceback", `${TRACEBACK}\n::error::b\n##[error]c`),
    },
    ended("::warning::t\n::error::", "fail"),
    ended("##[group]100%", "uxsuccess"),
    started("::debug::silent"),
    { testId: "::debug::silent", ...textFile("log", "::add-mask::s") },
  );
  view.look(60_000);
  view.end(61_000);
  assertEquals(
    text(written()),
    `  :\\u003aerror::a
::group::FAIL  ::warning::t\\n::error::
      AssertionError: 4 != 3
      Traceback (most recent call last):
        File "tests/test_cart.py", line 12, in test_total
          self.assertEqual(cart.total(), 3)
      :\\u003aerror::b
::endgroup::
UXPASS  ##\\u005bgroup]100%
STALLED  ::debug::silent  silent for 60.0 s, after:
      :\\u003aadd-mask::s
1:00  2 tests, 0 passed, 1 failed, 1 unexpectedly passed, 1 running, for 60.0 s ::debug::silent
half
::group::Failed
  :\\u003awarning::t\\n::error::
      AssertionError: 4 != 3
  ##\\u005bgroup]100%  UXPASS
::endgroup::
::group::Lost: started and never ended
  :\\u003adebug::silent
      :\\u003aadd-mask::s
::endgroup::
Failed  3 tests: 0 passed, 1 failed, 1 unexpectedly passed, 1 lost, in 1:01
`,
  );
});

Deno.test("GroupLog has a percent sign of a title as GitHub wants it", () => {
  const { out, written } = memoryOutput();
  new GroupLog(out, new Style(false)).section({
    title: [["100% of\n##[group]"]],
    lines: [[["100%"]]],
  });
  assertEquals(
    text(written()),
    "::group::100%25 of\\n##\\u005bgroup]\n100%\n::endgroup::\n",
  );
});
