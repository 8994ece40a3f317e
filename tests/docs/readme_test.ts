import { assert, assertEquals } from "@std/assert";
import { makeToolPath } from "../../scripts/tool_path.ts";
import { testKey } from "../support/gpg.ts";
import { bin, installPackage, linkPackage } from "../support/package.ts";
import {
  blockBehind,
  commandBlocks,
  DOCUMENTS,
  furnish,
  furnishShop,
  installations,
  NO_GIT_SETTINGS,
  withoutChance,
  withThisDeno,
} from "../support/readme.ts";
import {
  type Finished,
  type Peer,
  peerTest,
  ROOT,
  run,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import { at, stream } from "../support/streams.ts";

/** Programs that some commands need. */
const PEERS = ["node", "jq", "gpg"] as const;
/** The reporter for Node, which the npm package has. */
const REPORTER = "subunit-tools/reporter/node";

/** Installs the package for commands that name the reporter. */
async function furnishReporter(dir: TempDir, commands: string): Promise<void> {
  if (!commands.includes(REPORTER)) return;
  await installPackage();
  linkPackage(dir);
}

/** Makes a key to sign with. */
async function furnishKeys(dir: TempDir): Promise<void> {
  const { secretFile, publicFile } = await testKey("ed25519");
  Deno.copyFileSync(secretFile, `${dir.path}/ci.key`);
  Deno.copyFileSync(publicFile, `${dir.path}/ci.pub`);
}

const README = DOCUMENTS.get("README.md")!;

/** The text of a section of the README, by its heading. */
function section(heading: string): string {
  const found = README.split(/^## /m).find((part) => part.startsWith(heading));
  assert(found !== undefined, `README has no section "${heading}"`);
  return found;
}

/** The tools as files on the PATH: child processes do not see shell functions. */
let toolPath: string | undefined;

function toolsOnPath(): string {
  if (toolPath === undefined) {
    const folder = toolPath = makeToolPath();
    addEventListener(
      "unload",
      () => Deno.removeSync(folder, { recursive: true }),
    );
  }
  return toolPath;
}

/** Runs commands of a document in a folder with their files and runners. */
async function runBlock(commands: string): Promise<string> {
  using dir = new TempDir();
  return await runIn(dir, furnish(dir, commands), commands);
}

async function runIn(
  dir: TempDir,
  runners: string,
  commands: string,
): Promise<string> {
  await furnishReporter(dir, commands);
  if (commands.includes("gpg-")) await furnishKeys(dir);
  const path = [runners, toolsOnPath(), Deno.env.get("PATH")].join(":");
  // Some run in the checkout.
  const isCheckout = commands.startsWith("deno run ");
  const { stdout } = await shell(commands, [], {
    cwd: isCheckout ? ROOT.pathname : dir.path,
    env: {
      PATH: path,
      NO_COLOR: "1",
      GITHUB_STEP_SUMMARY: `${dir.path}/summary.md`,
    },
  });
  return text(stdout);
}

/** Runs the block of commands after the given words. */
async function runRecipe(words: string, dir: TempDir): Promise<Finished> {
  const commands = blockBehind(words);
  await furnishReporter(dir, commands);
  return shell(commands, [], { cwd: dir.path });
}

Deno.test("README's first block holds exactly the two commands", () => {
  const [, block] = /^```\w*\n(.*?)^```$/ms.exec(README)!;
  assertEquals(
    block,
    "npx -y deno@2.9.6 task demo\nnpx -y deno@2.9.6 task test\n",
  );
});

Deno.test("README is shorter than 200 lines", () => {
  assert(README.trimEnd().split("\n").length < 200);
});

Deno.test("a document begins with its purpose", () => {
  for (const [path, markdown] of DOCUMENTS) {
    assert(/^# [^\n]+\n\n[A-Z][^#]*?[.:]\s/.test(markdown), path);
  }
});

/** Its blocks are a session: each goes on where the one before ended. */
const SESSION = "docs/repository.md";

peerTest(`the commands of ${SESSION} print what it says`, ["git"], async () => {
  using dir = new TempDir();
  await furnishShop(dir);
  const blocks = commandBlocks(DOCUMENTS.get(SESSION)!);
  const printed: string[] = [];
  for (const { commands } of blocks) {
    const { stdout } = await shell(commands, [], {
      cwd: dir.path,
      env: {
        PATH: [toolsOnPath(), Deno.env.get("PATH")].join(":"),
        ...NO_GIT_SETTINGS,
      },
    });
    printed.push(commands + text(stdout));
  }
  assertEquals(
    withoutChance(printed.join("")),
    withoutChance(blocks.map((one) => one.commands + one.printed).join("")),
  );
});

/** A session too, with the files that other documents have. */
const FAULTS = "docs/faults.md";

peerTest(`the commands of ${FAULTS} print what it says`, [], async () => {
  using dir = new TempDir();
  const runners = furnish(dir);
  for (const { commands, printed } of commandBlocks(DOCUMENTS.get(FAULTS)!)) {
    assertEquals(await runIn(dir, runners, commands), printed);
  }
});

for (const [path, markdown] of DOCUMENTS) {
  if (path === SESSION || path === FAULTS) continue;
  for (const { commands, printed } of commandBlocks(markdown)) {
    const [first] = commands.split("\n");
    const peers: Peer[] = PEERS.filter((name) =>
      new RegExp(`(^|[ |])${name}[ -]`, "m").test(commands)
    );
    if (commands.includes(REPORTER)) peers.push("npm");
    peerTest(
      `the commands of ${path} print what it says: ${first}`,
      peers,
      async () => assertEquals(await runBlock(commands), printed),
    );
  }
}

Deno.test("the stage for Jenkins runs the command that is above it", () => {
  const recipes = DOCUMENTS.get("docs/recipes.md")!;
  const [, stage] = /^```groovy\n(.*?)^```$/ms.exec(recipes)!;
  const [, command] = /^ *sh '(.*)'$/m.exec(stage)!;
  assertEquals(`${command}\n`, blockBehind("### Jenkins"));
});

peerTest("README's commands install the tools", ["npm"], async () => {
  const [forDeno, forNode, ...others] = installations();
  assertEquals(others, []);
  assert(/ task install .* ~\/\.local\n$/.test(forDeno), forDeno);
  assert(/ task build\nnpm install --global /.test(forNode), forNode);
  using home = new TempDir();
  const commands = withThisDeno(forDeno).replaceAll("~/", `${home.path}/`);
  const { status, stderr } = await run(["bash", "-ec", commands], {
    cwd: ROOT.pathname,
  });
  assertEquals(status, 0, stderr);
  // Runs those for Node.
  await installPackage();
  for (const folder of [`${home.path}/.local/bin`, bin]) {
    const { stdout } = await run(
      [`${folder}/subunit-ls`],
      { stdin: stream({ testId: "found", status: "fail" }) },
    );
    assertEquals(text(stdout), "found\n");
  }
});

Deno.test("README names every tool, and no other", () => {
  const named = new Set(
    section("Which tool").match(
      /`[a-z0-9-]*subunit[a-z0-9-]*`|`gpg-[a-z-]+`|`fault-[a-z]+`/g,
    )!
      .map((name) => name.slice(1, -1)),
  );
  named.delete("subunit");
  const there = Array.from(
    Deno.readDirSync(new URL("filters/", ROOT)),
    ({ name }) => /^([a-z].*)\.ts$/.exec(name)?.[1],
  ).filter((name) => name !== undefined);
  assertEquals([...named].sort(), there.sort());
});

Deno.test("README's recipe for a step of a shell script reports it as a test", async () => {
  for (const [command, status] of [["true", "success"], ["false", "fail"]]) {
    using dir = new TempDir();
    const deploy = dir.file("deploy", `#!/bin/sh\necho working\n${command}\n`);
    Deno.chmodSync(deploy, 0o755);
    const { stdout, stderr } = await shell(
      `${blockBehind("Report a step of a shell script")}
        subunit2json step.subunit | tail -n 1`,
      [],
      { cwd: dir.path },
    );
    assertEquals(stderr, "");
    const [last] = text(stdout).trimEnd().split("\n").reverse();
    const { timestamp: _, ...event } = JSON.parse(last);
    assertEquals(event, {
      test_id: "deploy",
      test_status: status,
      runnable: true,
      file_name: "log",
      file_text: "working\n",
      eof: true,
      mime_type: "text/plain;charset=utf8",
    });
  }
});

Deno.test("README's recipe against missing tests fails when they are missing", async () => {
  using dir = new TempDir();
  const tests = (count: number) =>
    stream(
      ...Array.from({ length: count }, (_, i) => ({
        testId: `${i}`,
        status: "success" as const,
      })),
    );
  for (const [count, expected] of [[500, 0], [499, 1]]) {
    dir.file("run.subunit", tests(count));
    const { status } = await runRecipe("Never be green because tests", dir);
    assertEquals(status, expected);
  }
});

Deno.test("README's recipe against dead workers lists what they lost", async () => {
  using dir = new TempDir();
  dir.file("ids", "passed\nnever started\n");
  dir.file(
    "run.subunit",
    stream(
      { testId: "passed", status: "success" },
      { testId: "never ended", status: "inprogress" },
    ),
  );
  const { stdout, status } = await runRecipe(
    "Never be green because a worker",
    dir,
  );
  assertEquals(text(stdout), "never ended\nnever started\n");
  assertEquals(status, 1);
});

peerTest(
  "README's recipe to keep a run lists what failed",
  ["node", "npm"],
  async () => {
    using dir = new TempDir();
    dir.file(
      "a.test.mjs",
      `import { test } from "node:test";
test("good", () => {});
test("bad", () => { throw new Error("no"); });
`,
    );
    const { stdout, status } = await runRecipe("Keep the run", dir);
    assert(/^a\.test\.mjs::bad$/m.test(text(stdout)), text(stdout));
    assert(Deno.statSync(`${dir.path}/run.subunit`).size > 0);
    assertEquals(status, 1);
  },
);

peerTest("README's recipe for jq names the failed tests", ["jq"], async () => {
  using dir = new TempDir();
  dir.file(
    "run.subunit",
    stream({ testId: "a", status: "fail" }, { testId: "b", status: "skip" }),
  );
  const { stdout } = await runRecipe("Ask any question", dir);
  assertEquals(text(stdout), "a\n");
});

peerTest(
  "README's recipe for a runner that fails lists what it came to",
  ["node", "npm"],
  async () => {
    using dir = new TempDir();
    dir.file(
      "a.test.mjs",
      `import { test } from "node:test";
test("good", () => {});
test("leaves", () => process.exit(7));
`,
    );
    const { stdout, status } = await runRecipe("Fail when the runner", dir);
    assert(/leaves|a\.test\.mjs/.test(text(stdout)), text(stdout));
    assertEquals(status, 1);
  },
);

Deno.test("README's recipe for a legacy suite lists what failed", async () => {
  using dir = new TempDir();
  const suite = dir.file(
    "legacy-suite",
    "#!/bin/sh\necho test: good\necho success: good\necho test: bad\n",
  );
  Deno.chmodSync(suite, 0o755);
  const { stdout, status } = await runRecipe("Put a legacy suite", dir);
  assertEquals(text(stdout), "bad\n");
  assertEquals(status, 1);
});

Deno.test("README's recipe for shards fails when one is missing", async () => {
  const passed = stream({ testId: "passed", status: "success" });
  for (
    const [second, listed, expected] of [
      [passed, "", 0],
      [stream(), "subunit-merge: missing shards\n", 1],
    ] as const
  ) {
    using dir = new TempDir();
    dir.file("1", passed);
    dir.file("2", second);
    const shard = dir.file("shard", '#!/bin/sh\ncat "$1"\n');
    Deno.chmodSync(shard, 0o755);
    const { stdout, status } = await runRecipe("Merge what shards send", dir);
    assertEquals(text(stdout), listed);
    assertEquals(status, expected);
  }
});

Deno.test("README's recipe to show what failed shows it with its times", async () => {
  using dir = new TempDir();
  dir.file(
    "run.subunit",
    stream(
      { testId: "bad", status: "inprogress", timestamp: at("01:00:00") },
      { testId: "good", status: "success" },
      { testId: "bad", status: "fail", timestamp: at("01:00:07") },
    ),
  );
  const { stdout } = await runRecipe("Show what failed", dir);
  assertEquals(text(stdout), "bad 7.000\n");
});
