#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run --allow-env=FORCE_COLOR,NO_COLOR,TERM --allow-sys=uid --allow-net --deny-net=0.0.0.0/0
/**
 * subunit-run: runs tests on workers that list and run tests on demand, and makes
 * one stream of their results.
 *
 * @module
 */

import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";
import {
  type Client,
  type ClientOptions,
  withWorkers,
} from "./serve/run/client.ts";
import { bisect, listPlan, runPlan, watch } from "./serve/run/modes.ts";
import { checkOptions, countOf, planOf } from "./serve/run/options.ts";

export const tool: Tool = defineTool({
  name: "subunit-run",
  summary: "Run tests on workers, and make one stream of their results",
  operands: "[ID...] [-- WORKER [ARG...]]",
  takesCommand: true,
  options: {
    jobs: { short: "j", value: "N", help: "start N workers (1)" },
    list: { help: "list the tests, all or those whose ids begin with an ID" },
    "load-list": { value: "FILE", list: true, help: "run the ids in FILE" },
    history: {
      value: "FILE",
      list: true,
      help: "learn from an earlier stream or repository how long tests take",
    },
    "failing-first": { help: "run first what fails in the repository" },
    failing: { help: "run only what fails in it" },
    group: {
      value: "REGEX",
      help: "keep tests together for which it finds the same",
    },
    "fail-fast": {
      value: "N",
      bare: "1",
      help: "stop the workers after N failures (1)",
    },
    "until-failure": { help: "run the tests again until one fails" },
    repeat: { value: "N", help: "run the tests N times" },
    shuffle: {
      value: "SEED",
      help: "run in an order by chance, the same for SEED",
    },
    bisect: { value: "ID", help: "find the tests after which ID fails" },
    timeout: { value: "SECONDS", help: "end a test after SECONDS" },
    connect: {
      value: "SOCKET",
      help: "run tests on the subunit-serve with this socket; it goes on",
    },
    watch: {
      help: "after each edit, run what failed, then what the edit affects",
    },
    debug: { help: "give standard input to the test that asks for it" },
  },
  notes:
    `WORKER is a test server, such as subunit-worker, that is commanded through its standard
input. Without an ID, all tests are run; with an empty list, none. Results get the
number of their worker in front of their route code, and from the second time on the
tag "attempt=N". The longest tests run first; without --group, tests of a file or a
class stay together.
Each ID gets exactly one result: an unknown one, one that ends its worker, and one
that no worker could run, fails with the reason. A test that asks for input gets
none without --debug. What a worker prints elsewhere is its files "stdout" and
"stderr". With --connect, the workers are those of a server that others may command,
too: results have the routes of the server, and with --debug a test that asks waits
for subunit-attach. After SIGINT, tests in progress end and the others are skipped. With
--group, the whole match counts, or the first group in REGEX. A run of all tests ends
with a record of that: subunit-load need not guess which tests are gone.`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit-run -j4 -- subunit-worker deno tests/ | subunit-ls --failing",
    "subunit-run --history last.subunit --repeat 3 -- subunit-worker node test/ > run.subunit",
  ],
  // Open pipes and signal listeners would keep the process alive.
  forcesExit: true,
  async run(io, options, operands, command = []) {
    checkOptions(options, command);
    const plan = await planOf(io, options, operands);
    if (plan === undefined) return 0;
    const mode = async (client: Client) => {
      if (options.list) {
        await listPlan(client, plan);
      } else if (options.bisect !== undefined) {
        await bisect(client, plan, options.bisect);
      } else if (options.watch) await watch(client, plan);
      else return await runPlan(client, plan);
    };
    const isSingle = options.debug || options.list ||
      options.bisect !== undefined;
    // Loaded only here: every module adds to the start-up time.
    const view = io.err.isTerminal
      ? (await import("./serve/run/live.ts")).showLive(io)
      : undefined;
    const summary = plan.ids === undefined && !isSingle && !options.watch
      ? new (await import("./serve/run/scope.ts")).FullScope(command)
      : undefined;
    return await withWorkers(io, {
      ...options.connect === undefined
        ? { command }
        : await serverAt(options.connect),
      workers: isSingle ? 1 : countOf(options, "jobs") ?? 1,
      maxFailures: countOf(options, "fail-fast"),
      timeoutSeconds: countOf(options, "timeout"),
      debugs: options.debug,
      view,
      summary,
    }, mode);
  },
});

async function serverAt(
  socket: string,
): Promise<Pick<ClientOptions, "command" | "attach">> {
  const [{ connectToServer }, { ServerLink }, { quoted }] = await Promise.all([
    import("./serve/attach/connection.ts"),
    import("./serve/run/server_link.ts"),
    import("./select/commands.ts"),
  ]);
  const server = await connectToServer(socket);
  return {
    command: (around) => new ServerLink(server, around),
    attach: `subunit-attach --socket=${quoted(socket)}`,
  };
}

if (import.meta.main) runTool(tool);
