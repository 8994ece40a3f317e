import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { decodePacket } from "@subunit/codec";
import { encodeControl } from "@subunit/codec/control";
import { LineError, readLine } from "../../filters/serve/ctl/lines.ts";
import { runTool, TempDir, text } from "../support/run.ts";
import { printf } from "../support/sh_worker.ts";
import { described, leafCommand, LiveServer } from "../support/server.ts";

Deno.test("readLine reads commands, and lines for tests", () => {
  const cases: [line: string, packet: string][] = [
    ["list", "- list "],
    ['@1/0 run #timeout=5 a "b c"', "1/0 run a\nb c\n"],
    [". p x", "9 stdin: p x"],
    ["@1 .p", "1 stdin: p"],
    ["signal INT", "- signal INT"],
    ["eof", "9 stdin:"],
  ];
  for (const [line, packet] of cases) {
    const { packets } = readLine(line, "r", "9")!;
    assertEquals(described(decodePacket(packets)).trimEnd(), packet.trimEnd());
  }
  const run = decodePacket(readLine("run #timeout=5", "r", "9")!.packets);
  assertEquals([run.testId, run.tags], ["r", ["timeout=5"]]);
  assertEquals(readLine("  ", "r", undefined), undefined);
  assertThrows(() => readLine("dance", "r", undefined), LineError, "dance");
  assertThrows(() => readLine('run "', "r", undefined), LineError, "JSON");
});

Deno.test("subunit-ctl commands a server that it starts", async () => {
  const words = ["--", "sh", "-c", leafCommand("pass 1", "ask me")];
  const { stdout, stderr, status } = await runTool("subunit-ctl", words, {
    stdin: 'list\nnonsense\nrun "pass 1"\nping x\n',
  });
  assertEquals(text(stdout).split("\n"), [
    "ready leaf: list run stdin stop signal reload ping",
    "pass 1",
    "ask me",
    "done subunit.req.1: 0 ran",
    "pass 1 inprogress",
    "pass 1 success",
    "done subunit.req.3: 1 ran",
    "pong x",
    "",
  ]);
  assertMatch(stderr, /^subunit-ctl: No command "nonsense": expected list/);
  assertEquals(status, 0);
  // Nobody answers the test once the lines have ended.
  const asked = await runTool("subunit-ctl", words, { stdin: 'run "ask me"' });
  assertMatch(text(asked.stdout), /ask me asks: name\? \nask me fail\n/);
  assertEquals(asked.status, 1);
});

Deno.test("subunit-ctl fails when a command has no answer", async () => {
  const say = (word: "ready" | "done" | "error", body: string) =>
    printf(encodeControl({ word, body }));
  const ready = say("ready", '{"protocol":1,"engine":"sh","can":["run"]}');
  const await1 = `${ready}; head -c 1 > /dev/null`;
  const unanswered = /The server has ended: 1 of the commands/;
  const cases: [name: string, script: string, message: RegExp][] = [
    ["it ends", await1, unanswered],
    [
      "it refuses",
      `${await1}; ${
        say("error", '{"req":"subunit.req.1","code":"busy","text":"no"}')
      }; cat > /dev/null`,
      /^$/,
    ],
    [
      "nobody can read it",
      `${await1}; ${say("done", "no JSON")}; cat > /dev/null`,
      /Cannot read the body of "done"/,
    ],
    [
      "it is never ready",
      `${say("ready", "{")}; exec sleep 600`,
      /Cannot read the body of "ready"/,
    ],
    ["it closes its output", `${await1}; exec >&-; exec sleep 600`, unanswered],
  ];
  await Promise.all(cases.map(async ([name, script, message]) => {
    const words = ["--", "sh", "-c", script];
    const { stderr, status } = await runTool("subunit-ctl", words, {
      stdin: "run a\n",
    });
    assertMatch(stderr, message, name);
    assertEquals(status, 1, name);
  }));
});

Deno.test("subunit-ctl commands a server that runs", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.path, 0o700);
  const socket = `--socket=${dir.path}/s.sock`;
  const worker = ["-j2", "--worker", leafCommand("pass 1")];
  await using server = LiveServer.tool("subunit-serve", [socket, ...worker]);
  await server.until("- ready");
  const { stdout, status } = await runTool("subunit-ctl", [socket], {
    stdin: "@1 run\n",
  });
  assertEquals(
    text(stdout),
    "@1 pass 1 inprogress\n@1 pass 1 success\n@1 done subunit.req.1: 1 ran\n",
  );
  assertEquals(status, 0);
  // The stream of the server has it, too.
  assertEquals((await server.until("1 done")).length, 3);
});
