import { assert, assertEquals, assertMatch } from "@std/assert";
import { quote } from "../../scripts/tool_path.ts";
import {
  commandOf,
  isRunning,
  LiveTool,
  runTool,
  TempDir,
  text,
} from "../support/run.ts";
import { described, leafCommand, LiveServer } from "../support/server.ts";
import { eventsIn } from "../support/streams.ts";
import { until } from "../support/worker.ts";

/** Starts a server of leaves without a socket. */
function serve(...workers: string[]): LiveServer {
  const args = workers.flatMap((worker) => ["--worker", worker]);
  return LiveServer.tool("subunit-serve", ["--no-socket", ...args]);
}

/** A server as a command of the shell. */
function serverCommand(...args: string[]): string {
  return [...commandOf("subunit-serve"), "--no-socket", ...args].map(quote)
    .join(" ");
}

Deno.test("subunit-serve sends commands to the worker on their route", async () => {
  await using server = serve(leafCommand("pass 1"), leafCommand("pass 2"));
  const begin = await server.until("- ready");
  assertEquals(begin.sort(), ["- ready serve", "0 ready leaf", "1 ready leaf"]);
  await server.send("list", { request: "L" });
  const listed = await server.until("- done");
  assertEquals(listed.sort(), [
    '- done {"req":"L","ran":0,"unrun":[]}',
    "0 pass 1 exists",
    "1 pass 2 exists",
  ]);
  await server.send("run", { route: "1", ids: ["pass a"], request: "R" });
  assertEquals(await server.until("1 done"), [
    "1 pass a inprogress",
    "1 pass a success",
    '1 done {"req":"R","ran":1,"unrun":[]}',
  ]);
  await server.send("ping", { body: "there?" });
  assertEquals(await server.until("- "), ["- pong there?"]);
  await server.send("run", { route: "2", request: "X" });
  assertEquals(await server.until("- "), [
    '- error {"req":"X","code":"no-route","text":"no worker is at \\"2\\""}',
  ]);
  await server.close();
  assertEquals(await server.rest(), []);
  assertEquals((await server.status).code, 0);
});

Deno.test("subunit-serve is a worker to another one, over two hops", async () => {
  const inner = serverCommand("-j2", "--worker", leafCommand());
  await using server = serve(inner, leafCommand());
  const begin = await server.until("- ready");
  assertEquals(
    begin.sort(),
    [
      "- ready serve",
      "0 ready serve",
      "0/0 ready leaf",
      "0/1 ready leaf",
      "1 ready leaf",
    ],
  );
  // Two ask at once, and the third goes on.
  await server.send("run", { route: "0/0", ids: ["ask a"], request: "A" });
  await server.send("run", { route: "0/1", ids: ["ask b"], request: "B" });
  const asked = await server.until("0/0 ask {");
  if (!asked.some((one) => one.startsWith("0/1 ask {"))) {
    await server.until("0/1 ask {");
  }
  await server.send("run", { route: "1", ids: ["pass"], request: "C" });
  await server.until("1 done");
  await server.type("Bo\n", "0/1");
  assertEquals(await server.until("0/1 done"), [
    "0/1 ask b stdout: hello Bo",
    "0/1 ask b success",
    '0/1 done {"req":"B","ran":1,"unrun":[]}',
  ]);
  await server.type("Al\n", "0/0");
  assertEquals(
    (await server.until("0/0 done"))[0],
    "0/0 ask a stdout: hello Al",
  );
  await server.send("quit");
  await server.rest();
  assertEquals((await server.status).code, 0);
});

Deno.test("subunit-serve blames the test in progress, and a successor runs the rest", async () => {
  await using server = serve(leafCommand());
  await server.until("- ready");
  const ids = ["pass 1", "kill", "foreign", "torn", "pass 2"];
  await server.send("run", { route: "0", ids, request: "R" });
  const seen = await server.until("0 done");
  assertEquals(
    seen.filter((one) => !/inprogress|parser/.test(one)),
    [
      "0 pass 1 success",
      "0 kill fail #lost (the worker ended: killed by SIGKILL)",
      "0 ready leaf",
      "0 stdout: г",
      "0 foreign success",
      "0 torn fail #lost (the worker ended: exit status 3)",
      "0 ready leaf",
      "0 pass 2 success",
      '0 done {"req":"R","ran":5,"unrun":[]}',
    ],
  );
  assertEquals(seen.filter((one) => one.includes("parser fail")).length, 1);
  await server.send("run", { route: "0", ids: ["silent", "b"], request: "S" });
  assertEquals(
    (await server.until("0 done")).filter((one) => !one.includes("ready")),
    [
      "0 silent fail #lost #unstarted (the worker ended: exit status 4)",
      "0 b fail #lost #unstarted (the worker ended: exit status 4)",
      '0 done {"req":"S","ran":2,"unrun":[]}',
    ],
  );
});

Deno.test("subunit-serve gives up a worker that ends too often", async () => {
  const tool = ["--no-socket", "--max-restarts=1", "--worker", leafCommand()];
  await using server = LiveServer.tool("subunit-serve", tool);
  await server.until("- ready");
  const ids = ["crash 1", "crash 2", "pass"];
  await server.send("run", { route: "0", ids, request: "R" });
  const seen = await server.rest();
  assertEquals(seen.filter((one) => !one.includes("inprogress")), [
    "0 crash 1 fail #lost (the worker ended: exit status 3)",
    "0 ready leaf",
    "0 crash 2 fail #lost (the worker ended: exit status 3)",
    '0 done {"req":"R","ran":2,"unrun":["pass"]}',
    "0 0: exit status fail (the worker ended too often: exit status 3)",
  ]);
  assertEquals((await server.status).code, 1);
});

Deno.test("subunit-serve reports a command that is not there", async () => {
  const { status, stderr } = await runTool("subunit-serve", [
    "--no-socket",
    "--max-restarts=0",
    "--worker=no/such/command 2>&-",
  ]);
  assertEquals(status, 1);
  assertMatch(stderr, /Worker "0" ended 1 times: exit status 127/);
});

for (const ending of ["SIGTERM", "SIGKILL", "reader"] as const) {
  Deno.test(`subunit-serve leaves no process when it ends by ${ending}`, async () => {
    await using server = serve(`sleep 1000 & echo $!; ${leafCommand()}`);
    const [printed, ready] = await server.until("0 ready");
    assertEquals(ready, "0 ready leaf");
    const left = printed.split(" ").at(-1)!;
    assert(isRunning(left));
    if (ending === "reader") {
      await server.send("run", { route: "0", ids: ["big"] });
      await server.until("0 big stdout");
      await server.leave();
    } else {
      server.kill(ending);
    }
    const { code } = await server.status;
    assertEquals(code, { SIGTERM: 143, SIGKILL: 137, reader: 141 }[ending]);
    await until(() => !isRunning(left));
  });
}

Deno.test("subunit-serve has a socket that only its user can reach", async () => {
  using dir = new TempDir();
  const folder = `${dir.path}/subunit`;
  const env = { XDG_RUNTIME_DIR: dir.path, SUBUNIT_SOCKET: "" };
  const args = ["--worker", leafCommand()];
  {
    await using server = LiveServer.tool("subunit-serve", args, env);
    await server.until("- ready");
    const socket = `${folder}/${server.pid}.sock`;
    assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(socket).mode! & 0o777, 0o600);
    await server.close();
    await server.status;
    assertEquals([...Deno.readDirSync(folder)], []);
  }
  // Left over by a server that was killed.
  const path = `${folder}/left.sock`;
  const withPath = ["--socket", path, ...args];
  {
    await using server = LiveServer.tool("subunit-serve", withPath, env);
    await server.until("- ready");
    const second = await runTool("subunit-serve", withPath, { env });
    assertEquals(second.status, 2);
    assertMatch(second.stderr, /another server has it/);
    server.kill("SIGKILL");
    await server.status;
  }
  {
    await using server = LiveServer.tool("subunit-serve", withPath, env);
    await server.until("- ready");
  }
  const file = dir.file("file", "");
  Deno.chmodSync(folder, 0o750);
  Deno.chmodSync(dir.path, 0o700);
  for (
    const [wrong, problem] of [
      [path, "others can enter it: chmod 700 it"],
      [file, "it is no socket: choose another path"],
      [`${dir.path}/none/socket`, "it is not there: make it, with mode 700"],
    ]
  ) {
    const refused = await runTool(
      "subunit-serve",
      ["--socket", wrong, ...args],
      { env },
    );
    assertEquals(refused.status, 2);
    assert(refused.stderr.includes(problem), refused.stderr);
    assertEquals(text(refused.stdout), "");
  }
});

Deno.test("subunit-serve names its workers, and refuses what is no name", async () => {
  const worker = ["--no-socket", "--worker", leafCommand()];
  {
    const args = [...worker, "-j2", "--name=a", "--name=b"];
    await using server = LiveServer.tool("subunit-serve", args);
    const begin = await server.until("- ready");
    assertEquals(begin.sort(), [
      "- ready serve",
      "a ready leaf",
      "b ready leaf",
    ]);
  }
  for (
    const [args, problem] of [
      [["--no-socket"], "Expected --worker"],
      [[...worker, "-j0"], "expected 1 or more"],
      [[...worker, "--name=a/b"], 'expected a name without "/"'],
      [[...worker, "-j2", "--name=a"], "Expected 2 different names"],
      [[...worker, "x"], 'Unexpected operand "x"'],
    ] as const
  ) {
    const { status, stderr } = await runTool("subunit-serve", args);
    assertEquals(status, 2);
    assert(stderr.includes(problem), stderr);
  }
});

Deno.test("subunit-run --connect runs tests on a server that goes on, and on no test of others", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.path, 0o700);
  const socket = `${dir.path}/s.sock`;
  const worker = ["-j2", "--worker", leafCommand("pass 1", "pass 2", "crash")];
  await using server = LiveServer.tool("subunit-serve", [
    `--socket=${socket}`,
    ...worker,
  ]);
  await server.until("- ready");
  // Somebody else has asked for a test, which waits.
  await server.send("run", { route: "0", ids: ["ask me"], request: "R" });
  await server.until("0 ask {");
  const runOn = (...args: string[]) =>
    runTool("subunit-run", [`--connect=${socket}`, ...args]);
  const outcomes = ({ stdout }: { stdout: Uint8Array }) =>
    eventsIn(stdout).filter(({ status }) => status !== undefined)
      .map((event) => described(event).replace(/ \(.*/s, ""))
      .filter((line) => !line.endsWith(" inprogress"));
  const listed = await runOn("--list");
  assertEquals(outcomes(listed).length, 3, listed.stderr);
  const first = runOn("pass 1", "pass 2");
  await server.until("1 pass 2 success");
  await server.type("you\n", "0");
  const result = await first;
  assertEquals(
    outcomes(result).map((line) => line.slice(2)).sort(),
    ["pass 1 success", "pass 2 success"],
  );
  assertEquals([result.status, result.stderr], [0, ""]);
  assert(eventsIn(result.stdout).every((event) => event.testId !== "ask me"));
  // The ids of requests begin anew, and are not taken for answered ones.
  assertEquals((await runOn("pass 1")).status, 0);
  const failed = await runOn("crash", "pass 2");
  assertEquals(failed.status, 1);
  assertEquals(
    outcomes(failed).map((line) => line.slice(2)).sort(),
    ["crash fail #lost", "pass 2 success"],
  );
  const none = await runTool("subunit-run", [`--connect=${dir.path}/none`]);
  assertEquals(none.status, 2);
  assertMatch(none.stderr, /No server is at/);
});

Deno.test("subunit-run --connect says where a test waits, and stops what it leaves", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.path, 0o700);
  const socket = `${dir.path}/s.sock`;
  await using server = LiveServer.tool("subunit-serve", [
    `--socket=${socket}`,
    `--worker=${leafCommand()}`,
  ]);
  await server.until("- ready");
  {
    await using client = new LiveTool("subunit-run", [
      `--connect=${socket}`,
      "--group=nothing",
      "ask a",
      "pass 1",
      "pass 2",
    ]);
    await server.until("0 ask {");
    client.kill("SIGKILL");
  }
  const attached = await runTool("subunit-attach", [
    `--socket=${socket}`,
    "0",
  ], { stdin: "you\n" });
  assertMatch(attached.stderr, /ask a: success/);
  const done = (await server.until("0 done")).at(-1)!;
  assertMatch(done, /"ran":1/);
  const running = runTool("subunit-run", [`--connect=${socket}`, "ask b"]);
  await server.until("0 ask {");
  await runTool("subunit-attach", [`--socket=${socket}`, "0"], {
    stdin: "you\n",
  });
  assertEquals(
    (await running).stderr,
    `subunit-run: 0 ask b is waiting at name? : subunit-attach --socket=${socket} 0\n`,
  );
});
