import { assert, assertEquals, assertMatch } from "@std/assert";
import { quote } from "../../scripts/tool_path.ts";
import { DOCUMENTS } from "../support/readme.ts";
import {
  commandOf,
  LiveTool,
  peerTest,
  run,
  runTool,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import { leafCommand, LiveServer } from "../support/server.ts";
import { pythonIn, RUNTIME_PATH, until } from "../support/worker.ts";
import { namesIn } from "../../filters/kit/io/files.ts";

/** A server with a socket in a folder of its own. */
class Served implements AsyncDisposable {
  readonly dir = new TempDir();
  readonly socket = `${this.dir.path}/s.sock`;
  readonly server: LiveServer;

  constructor(...args: string[]) {
    Deno.chmodSync(this.dir.path, 0o700);
    const all = ["--socket", this.socket, ...args];
    this.server = LiveServer.tool("subunit-serve", all);
  }

  attach(...args: string[]): string[] {
    return [...commandOf("subunit-attach"), "--socket", this.socket, ...args];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.dir[Symbol.dispose]();
  }
}

Deno.test("subunit-attach gives the tests of two routes their input, while others go on", async () => {
  await using served = new Served("-j3", "--worker", leafCommand());
  const { server } = served;
  await server.until("- ready");
  await server.send("run", { route: "0", ids: ["ask a"], request: "A" });
  await server.until("0 ask {");
  await server.send("run", { route: "2", ids: ["ask b"], request: "B" });
  await server.until("2 ask {");
  const listed = await run(served.attach("--list"));
  assertEquals(
    text(listed.stdout).replace(/\t\d+\.\d\t/g, "\tS\t"),
    "0\task a\tasking\tS\tname? \n2\task b\tasking\tS\tname? \n1\t\tidle\tS\t\n",
  );
  const second = await run(served.attach("2"), { stdin: "Bo\n" });
  assertEquals(text(second.stdout), "name? hello Bo\n");
  assertMatch(second.stderr, /2: ask b \(asking\)[^]*ask b: success\n$/);
  assertEquals(second.status, 0);
  const next = await run(served.attach("--next"), { stdin: "" });
  // The end of the pipe is the end of the test's input.
  assertEquals(text(next.stdout), "name? ");
  assertMatch(next.stderr, /ask a: fail\n$/);
  await server.until("0 done");
  await server.close();
  await server.rest();
});

Deno.test("subunit-attach ends with a test that asks nothing, and where none would read a pipe", async () => {
  await using served = new Served("--worker", leafCommand());
  const { server } = served;
  await server.until("- ready");
  await server.send("run", { route: "0", ids: ["listen a"], request: "A" });
  await server.until("0 listen a stdout");
  const heard = await run(served.attach("0"), { stdin: "Bo\n" });
  assertEquals(text(heard.stdout), "name? hello Bo\n");
  assertMatch(heard.stderr, /0: listen a \(running\)[^]*listen a: success\n$/);
  assertEquals(heard.status, 0);
  for (const stdin of ["Bo\n", ""]) {
    const idle = await run(served.attach("0", "--lines=0"), { stdin });
    assertMatch(
      idle.stderr,
      /0: no test \(idle\)[^]*no test (of "0" )?is in progress\n$/,
    );
    assertEquals([text(idle.stdout), idle.status], ["", 2]);
  }
});

Deno.test("subunit-attach refuses what is not there", async () => {
  await using served = new Served("--worker", leafCommand());
  await served.server.until("- ready");
  const unknown = await run(served.attach("7"));
  assertEquals(unknown.status, 2);
  assertMatch(unknown.stderr, /there is no route "7"/);
  const none = await runTool("subunit-attach", [
    "--list",
    `--socket=${served.dir.path}/none`,
  ]);
  assertEquals(none.status, 2);
  assertMatch(none.stderr, /No server is at/);
  for (const args of [[], ["1", "--next"], ["1", "2"], ["--list", "1"]]) {
    const wrong = await run(served.attach(...args));
    assertEquals(wrong.status, 2);
    assertMatch(wrong.stderr, /Expected a ROUTE, --next or --list/);
  }
});

Deno.test("subunit-attach finds the only server of the user", async () => {
  using dir = new TempDir();
  const env = { XDG_RUNTIME_DIR: dir.path, SUBUNIT_SOCKET: "" };
  const args = ["--worker", leafCommand()];
  const list = () => runTool("subunit-attach", ["--list"], { env });
  assertMatch((await list()).stderr, /No server runs/);
  await using first = LiveServer.tool("subunit-serve", args, env);
  await first.until("- ready");
  assertMatch(text((await list()).stdout), /^0\t\tidle/);
  await using second = LiveServer.tool("subunit-serve", args, env);
  await second.until("- ready");
  assertMatch((await list()).stderr, /Several servers run: choose a --socket/);
  second.kill("SIGKILL");
  await second.status;
  assertEquals((await list()).status, 0);
});

Deno.test("subunit-attach has one driver a route, and any number of watchers", async () => {
  await using served = new Served("--worker", leafCommand());
  const { server } = served;
  await server.until("- ready");
  await server.send("run", { route: "0", ids: ["ask a"], request: "A" });
  await server.until("0 ask {");
  const args = (...more: string[]) => ["--socket", served.socket, "0", ...more];
  await using driver = new LiveTool("subunit-attach", args());
  await using watcher = new LiveTool("subunit-attach", args("--read-only"));
  assertEquals(text(await driver.read(6)), "name? ");
  assertEquals(text(await watcher.read(6)), "name? ");
  const refused = await run(served.attach("0"));
  assertEquals(refused.status, 2);
  assertMatch(
    refused.stderr,
    /process \d+ gives the input of "0": see --steal/,
  );
  const thief = await run(served.attach("0", "--steal"), { stdin: "Eve\n" });
  assertEquals(text(thief.stdout), "name? hello Eve\n");
  assertEquals(text(await watcher.read(16)), "name? hello Eve\n");
  assertEquals(text(await driver.read(16)), "name? hello Eve\n");
});

/** A terminal, in tmux, with a shell. */
class Terminal implements AsyncDisposable {
  readonly #socket = `subunit-${crypto.randomUUID()}`;

  async tmux(...args: string[]): Promise<string> {
    const command = ["tmux", "-f", "/dev/null", "-L", this.#socket, ...args];
    return text((await run(command)).stdout);
  }

  static async open(): Promise<Terminal> {
    const terminal = new Terminal();
    const size = ["-x", "100", "-y", "40"];
    await terminal.tmux("new-session", "-d", ...size, "env PS1='$ ' sh");
    return terminal;
  }

  /** Types a line. */
  async line(line: string): Promise<void> {
    await this.tmux("send-keys", "-l", line);
    await this.key("Enter");
  }

  async key(key: string): Promise<void> {
    await this.tmux("send-keys", key);
  }

  /** What it shows, without what is empty at its end. */
  async screen(): Promise<string> {
    const lines = (await this.tmux("capture-pane", "-p")).trimEnd();
    return lines.split("\n").map((line) => line.trimEnd()).join("\n");
  }

  /** Waits until it shows this. */
  async shows(pattern: RegExp): Promise<string> {
    let screen = "";
    const wait = async () => {
      while (!pattern.test(screen)) screen = await this.screen();
    };
    await within(wait()).catch(() => {
      throw new Error(`It does not show ${pattern}:\n${screen}`);
    });
    return screen;
  }

  /** Clears it, and waits until it is. */
  async clear(): Promise<void> {
    await this.line("clear");
    await this.shows(/^\$$/);
  }

  /** All of its settings, as stty prints them. */
  async settings(): Promise<string> {
    const pattern = /[0-9a-f]+(:[0-9a-f]+){10,}/;
    await this.clear();
    await this.line("stty -g");
    const [settings] = pattern.exec(await this.shows(pattern))!;
    await this.clear();
    return settings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tmux("kill-server");
  }
}

const MODULE = `import unittest


class Sums(unittest.TestCase):
    def test_one(self):
        total = 41
        breakpoint()
        self.assertEqual(total, 42)

    def test_two(self):
        name = input("Who? ")
        print("hello", name)

    def test_three(self):
        pass
`;

/** The session of README and docs/server.md; names of folders are left out. */
const SESSION = `$ subunit-attach 0/1
subunit-attach: 0/1: sums.Sums.test_one (asking); Ctrl-] leaves
> FOLDER/sums.py(8)test_one()
-> self.assertEqual(total, 42)
(Pdb) p total
41
(Pdb) total = 42
(Pdb) c
subunit-attach: sums.Sums.test_one: success
$`;

/** The line of docs/server.md that names the route. */
const QUESTION =
  "subunit-run: 0/0/1 sums.Sums.test_one is waiting at (Pdb) : subunit-attach 0/1";

peerTest(
  "subunit-run prints the route that subunit-attach takes",
  ["python3"],
  async () => {
    using dir = new TempDir();
    dir.file("sums.py", MODULE);
    const worker = pythonIn(dir, "sums");
    const serve = commandOf("subunit-serve");
    const inner = [...serve, "-j2", "--worker", worker].map(quote).join(" ");
    const env = { SUBUNIT_SOCKET: "", XDG_RUNTIME_DIR: dir.path };
    const words = ["--debug", "--", ...serve, "--worker", inner];
    const id = "sums.Sums.test_one";
    const running = runTool("subunit-run", [id, ...words], { env });
    const folder = `${dir.path}/subunit`;
    await until(() => namesIn(folder).some((name) => name.endsWith(".sock")));
    const session = await runTool("subunit-attach", ["--next"], {
      env,
      stdin: "total = 42\nc\n",
    });
    assertEquals(session.status, 0, session.stderr);
    const { stderr, status } = await running;
    const [question] = stderr.split("\n");
    assertEquals(
      question.replace("0/0/0", "0/0/1").replace(/.$/, "1"),
      QUESTION,
    );
    assertEquals(status, 0);
  },
);

Deno.test("README and docs/server.md print the session that is compared here", () => {
  const page = DOCUMENTS.get("docs/server.md")!;
  assert(page.includes(`\`\`\`text\n${QUESTION}\n\`\`\`\n`));
  for (const text of [page, DOCUMENTS.get("README.md")!]) {
    assert(text.includes(`\`\`\`text\n${SESSION}\n\`\`\`\n`));
  }
});

peerTest(
  "subunit-attach debugs a Python test over two hops, in a terminal",
  ["python3", "tmux"],
  async () => {
    using dir = new TempDir();
    dir.file("sums.py", MODULE);
    const python = pythonIn(dir, "--on-ask", "wait", "sums");
    const inner = [
      ...commandOf("subunit-serve"),
      ...["-j2", "--worker", python],
    ].map(quote).join(" ");
    await using served = new Served("--worker", inner, "--worker", python);
    const { server } = served;
    await server.until("- ready");
    const runOne = (route: string, id: string) =>
      server.send("run", { route, ids: [`sums.Sums.${id}`], request: id });
    await runOne("0/0", "test_two");
    await server.until("0/0 ask {");
    await runOne("0/1", "test_one");
    await server.until("0/1 ask {");
    // The third one goes on.
    await runOne("1", "test_three");
    await server.until("1 done");
    await using terminal = await Terminal.open();
    const attach = commandOf("subunit-attach").map(quote).join(" ");
    const script = `#!/bin/sh\nexec ${attach} "$@"\n`;
    Deno.chmodSync(dir.file("subunit-attach", script), 0o755);
    await terminal.line(`PATH=${dir.path}:$PATH`);
    await terminal.line(`export SUBUNIT_SOCKET=${served.socket}`);
    const before = await terminal.settings();
    await terminal.clear();
    await terminal.line("subunit-attach 0/1");
    await terminal.shows(/\(Pdb\)$/);
    await terminal.line("p total");
    await terminal.shows(/^41\n\(Pdb\)$/m);
    await terminal.line("total = 42");
    await terminal.shows(/total = 42\n\(Pdb\)$/);
    await terminal.line("c");
    const screen = await terminal.shows(/success\n\$$/);
    assertEquals(
      screen.slice(screen.indexOf("$ subunit-attach 0/1"))
        .replace(dir.path, "FOLDER"),
      SESSION,
    );
    assertEquals(
      (await server.until("0/1 done")).at(-2),
      "0/1 sums.Sums.test_one success",
    );
    // The other one is left, and goes on waiting.
    await terminal.clear();
    await terminal.line("subunit-attach --next");
    await terminal.shows(/Who\?$/);
    await terminal.key("C-]");
    await terminal.shows(/Who\?.*\n\$$/);
    const listed = await run(served.attach("--list"));
    assertMatch(text(listed.stdout), /^0\/0\tsums.Sums.test_two\tasking/);
    await terminal.line("subunit-attach 0/0");
    await terminal.shows(/\$ subunit-attach 0\/0\n[^]*Who\?$/);
    await terminal.key("C-d");
    await terminal.shows(/test_two: fail\n\$$/);
    // The server is killed under it.
    await runOne("0/1", "test_two");
    await server.until("0/1 ask {");
    await terminal.clear();
    await terminal.line("subunit-attach 0/1");
    await terminal.shows(/Who\?$/);
    server.kill("SIGKILL");
    await terminal.shows(/the server has ended\n\$$/);
    assertEquals(await terminal.settings(), before);
  },
);

peerTest(
  "subunit-attach interrupts a test with Ctrl-C, and restores the terminal when it is killed",
  ["tmux"],
  async () => {
    await using served = new Served("--worker", leafCommand());
    const { server } = served;
    await server.until("- ready");
    await server.send("run", { route: "0", ids: ["ask a"] });
    await server.until("0 ask {");
    await using terminal = await Terminal.open();
    const before = await terminal.settings();
    await terminal.line(served.attach("0").map(quote).join(" "));
    await terminal.shows(/name\?$/);
    await terminal.key("C-c");
    await server.until("0 ask a fail");
    await terminal.shows(/ask a: fail\n\$$/);
    await terminal.clear();
    const command = served.attach("0", "--read-only").map(quote).join(" ");
    await terminal.line(`sh -c ${quote(`echo $$; exec ${command}`)}`);
    const screen = await terminal.shows(/\d+\n[^]*Ctrl-\]/);
    const pid = Number(/(\d+)\nsubunit-attach/.exec(screen)![1]);
    Deno.kill(pid, "SIGKILL");
    await terminal.shows(/Killed/);
    // By a process that notices it a little later.
    const restored = async () => {
      while (await terminal.settings() !== before);
    };
    await within(restored());
  },
);

/** Tests for the debugger of Node, and for those who answer questions. */
const DEBUGGED: Readonly<Record<string, string>> = {
  "adds.test.mjs": `import test from "node:test";
test("adds", () => {
  let total = 41;
  debugger;
  if (total !== 42) throw new Error("it is " + total);
});
`,
  "adds_test.ts": `Deno.test("adds", () => {
  let total: number = 41;
  debugger;
  if (total !== 42) throw new Error("it is " + total);
});
`,
  "asks_test.ts": `Deno.test("asks", () => {
  if (prompt("name?") !== "Ada") throw new Error("it is somebody else");
});
Deno.test("goes on", () => {});
`,
};

/** The command of a worker in a folder, for a shell. */
function workerIn(dir: TempDir, ...args: string[]): string {
  const words = [...commandOf("subunit-worker"), ...args].map(quote);
  return `cd ${quote(dir.path)} && PATH=${quote(RUNTIME_PATH)} exec ${
    words.join(" ")
  }`;
}

const DEBUGGER = "--debugger=node inspect";

peerTest(
  "a test of Node and one of Deno are debugged at once over two hops, while others answer and go on",
  ["node"],
  async () => {
    using dir = new TempDir();
    for (const [name, content] of Object.entries(DEBUGGED)) {
      dir.file(name, content);
    }
    const inner = [
      ...[...commandOf("subunit-serve"), "--no-socket"],
      ...["--worker", workerIn(dir, DEBUGGER, "node")],
      ...["--worker", workerIn(dir, DEBUGGER, "deno")],
    ].map(quote).join(" ");
    const others = workerIn(dir, "--on-ask=wait", "deno");
    await using served = new Served(
      ...["--worker", inner, "--worker", others, "--worker", others],
    );
    const { server } = served;
    await server.until("- ready");
    const options = ["debug"];
    const tests = { "0/0": "adds.test.mjs::adds", "0/1": "adds_test.ts::adds" };
    for (const [route, id] of Object.entries(tests)) {
      await server.send("run", { route, ids: [id], request: id, options });
      await server.until(`${route} ask {"test":"${id}","prompt":"debug> "`);
    }
    await server.send("run", { route: "1", ids: ["asks_test.ts::asks"] });
    await server.until('1 ask {"test":"asks_test.ts::asks","prompt":"name? "}');
    const listed = await run(served.attach("--list"));
    assertEquals(
      text(listed.stdout).split("\n").map((line) => line.split("\t")[2]),
      ["asking", "asking", "asking", "idle", undefined],
    );
    await server.send("run", { route: "2", ids: ["asks_test.ts::goes on"] });
    assertMatch((await server.until("2 done")).at(-2)!, /goes on success$/);
    for (const [route, id] of Object.entries(tests)) {
      const command = async (line: string) => {
        await server.type(`${line}\n`, route);
        return (await server.until(`${route} ask {`)).join("\n");
      };
      assertMatch(await command("exec total"), /stdout: 41/);
      await command("exec total = 42");
      await server.type("cont\n", route);
      const events = await server.until(`${route} done`);
      assertEquals(
        events.filter((line) => line.includes(" success")),
        [`${route} ${id} success`],
      );
    }
    await server.type("Ada\n", "1");
    assertMatch((await server.until("1 done")).at(-2)!, /asks success$/);
    await server.close();
    await server.rest();
  },
);

peerTest(
  "a debugger whom nobody answers is left, and its test fails",
  ["node"],
  async () => {
    using dir = new TempDir();
    dir.file("adds.test.mjs", DEBUGGED["adds.test.mjs"]);
    const worker = ["sh", "-c", workerIn(dir, DEBUGGER, "node")];
    const { stdout, stderr, status } = await runTool(
      "subunit-run",
      ["--debug", "--", ...worker],
    );
    assertMatch(stderr, /adds is waiting at debug> \n/);
    assertEquals(status, 1);
    assertMatch(text(stdout), /it is 41/);
  },
);
