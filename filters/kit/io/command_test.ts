import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { isRunning } from "../../../tests/support/run.ts";
import { isNotFound, ToolError } from "../errors.ts";
import { runCommand, signalCommand, spawn, startCommand } from "./command.ts";

Deno.test("startCommand says which command it cannot start", () => {
  assertThrows(
    () => startCommand(["no-such-command", "-x"], "piped"),
    ToolError,
    'Cannot run "no-such-command": no such command: check the command',
  );
});

Deno.test("spawn throws what the runtime throws", () => {
  try {
    const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
    spawn(["no-such-command"], streams);
  } catch (error) {
    assertEquals(isNotFound(error), true);
    return;
  }
  throw new Error("it was started");
});

Deno.test("runCommand takes what a command prints, and how it ends", async () => {
  let printed = "";
  const status = await runCommand(
    ["sh", "-c", "echo one; echo two; exit 3"],
    (chunk) => printed += new TextDecoder().decode(chunk),
  );
  const { success, code, signal } = status;
  assertEquals([success, code, signal], [false, 3, null]);
  assertEquals(printed, "one\ntwo\n");
});

Deno.test("runCommand leaves no command behind when its output is refused", async () => {
  let id = "";
  await assertRejects(
    () =>
      runCommand(["sh", "-c", "echo $$; exec sleep 60"], (chunk) => {
        id = new TextDecoder().decode(chunk).trim();
        throw new ToolError("no more");
      }),
    ToolError,
    "no more",
  );
  // It has been sent a signal, which takes its time.
  while (isRunning(id)) await new Promise((wake) => setTimeout(wake, 5));
});

Deno.test("signalCommand ends a command, and takes one that has ended", async () => {
  const child = spawn(["sleep", "60"], {
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  signalCommand(child, "SIGTERM");
  const { code, signal } = await child.status;
  assertEquals([code, signal], [143, "SIGTERM"]);
  signalCommand(child, "SIGTERM");
});
