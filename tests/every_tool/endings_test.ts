/** How the tools that run commands end: on a signal, whoever holds their pipes. */

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { isRunRecord } from "@subunit/codec";
import { commandOf, isRunning, some, TempDir, within } from "../support/run.ts";
import { itemsIn } from "../support/streams.ts";

/** The words behind each tool's name that run a script, and its exit status. */
const RUNNERS: [name: string, (script: string) => string[], number][] = [
  ["subunit-exec", (script) => ["--", "sh", "-c", script], 1],
  ["subunit-1to2", (script) => ["--", "sh", "-c", script], 143],
  ["subunit-merge", (script) => ["--run", `sh=${script}`], 143],
];

const endings = RUNNERS.flatMap((runner) =>
  ["sleep 60", "yes"].flatMap((left) =>
    [1, 2].map((count) => ({ runner, left, count }))
  )
);

for (const { runner, left, count } of some(endings, 3)) {
  const [name, argsOf, exitStatus] = runner;
  Deno.test(`${name} ends on ${count} SIGTERM when its command leaves ${left} behind`, async () => {
    using dir = new TempDir();
    const pidFile = `${dir.path}/pid`;
    const script =
      `echo before; ${left} & echo $! > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait`;
    const [program, ...args] = [...commandOf(name), ...argsOf(script)];
    const tool = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = tool.stdout.getReader();
    // Something of its output came: it listens to signals.
    const chunks = [(await within(reader.read())).value!];
    const pid = await within(content(pidFile));
    for (let i = 0; i < count; i++) tool.kill("SIGTERM");
    for (;;) {
      const { value } = await within(reader.read());
      if (value === undefined) break;
      chunks.push(value);
    }
    const { code } = await within(tool.status);
    // One that writes goes with the reader of its pipe.
    if (left !== "yes") {
      assert(isRunning(pid), "what was left behind has ended");
      Deno.kill(Number(pid), "SIGKILL");
    }
    assertEquals(code, exitStatus);
    const last = itemsIn(concat(chunks))
      .findLast((item) => item.kind !== "packet" || !isRunRecord(item));
    assert(last?.kind === "packet");
    assertEquals(
      [last.testId, last.status],
      ["sh: exit status", "fail"],
    );
  });
}

/** What a file has, once it is there. */
async function content(path: string): Promise<string> {
  for (;;) {
    try {
      return Deno.readTextFileSync(path).trim();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
