import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, TempDir, text } from "../support/run.ts";
import { stream } from "../support/streams.ts";

const ROOT = new URL("../../", import.meta.url);
const TEXT = Deno.readTextFileSync(new URL("CONTRIBUTING.md", ROOT));
const NAME = "subunit-keep";

/** A checkout in which the example has been added as the document says. */
function checkoutWithExample(): TempDir {
  const dir = new TempDir();
  // Not the corpora that the bench leaves in its folder.
  const { success } = new Deno.Command("sh", {
    args: [
      "-c",
      'mkdir "$0/scripts" && cp -r deno.* codec filters types "$0" && cp -r scripts/*.ts scripts/docs "$0/scripts"',
      dir.path,
    ],
    cwd: ROOT,
  }).outputSync();
  assert(success);
  const [, example] = /^```ts ignore\n(.*?)^```$/ms.exec(TEXT)!;
  Deno.chmodSync(dir.file(`filters/${NAME}.ts`, example), 0o755);
  const path = `${dir.path}/filters/deno.json`;
  const config = JSON.parse(Deno.readTextFileSync(path));
  config.exports[`./${NAME}`] = `./${NAME}.ts`;
  Deno.writeTextFileSync(path, JSON.stringify(config, null, 2) + "\n");
  return dir;
}

function deno(dir: TempDir, ...args: string[]) {
  return run([Deno.execPath(), ...args], { cwd: dir.path });
}

Deno.test("CONTRIBUTING's example is about 60 lines, in form and type", async () => {
  using dir = checkoutWithExample();
  const path = `filters/${NAME}.ts`;
  const example = Deno.readTextFileSync(`${dir.path}/${path}`);
  assert(Math.abs(example.split("\n").length - 60) <= 12);
  for (const args of [["fmt", "--check"], ["lint"], ["check", "--quiet"]]) {
    const { status, stderr } = await deno(dir, ...args, path);
    assertEquals(status, 0, stderr);
  }
});

Deno.test("CONTRIBUTING's example works as a command", async () => {
  using dir = checkoutWithExample();
  const script = `${dir.path}/filters/${NAME}.ts`;
  const [line] = Deno.readTextFileSync(script).split("\n", 1);
  const flags = line.slice("#!/usr/bin/env -S deno ".length).split(" ");
  const fail = stream({ testId: "b", status: "fail" });
  const skip = stream({ testId: "c", status: "skip" });
  const input = stream(
    { testId: "a", status: "success" },
    "text\n",
    fail,
    skip,
  );
  for (
    const [args, output, expected, said] of [
      [["--status", "fail"], stream("text\n", fail), 0, ""],
      [["-sfail", "-s", "skip"], stream("text\n", fail, skip), 0, ""],
      [["-sfail", "--exit-status"], stream("text\n", fail), 1, ""],
      [["-sskip", "--exit-status"], stream("text\n", skip), 0, ""],
      [[], stream(), 2, `${NAME}: Expected --status: see --help\n`],
      [
        ["-sfaill"],
        stream(),
        2,
        `${NAME}: Option --status is "faill": expected exists, `,
      ],
    ] as const
  ) {
    const command = [Deno.execPath(), ...flags, script, ...args];
    const { stdout, stderr, status } = await run(command, { stdin: input });
    assertEquals(stdout, output);
    assertEquals(stderr.slice(0, said.length), said);
    assertEquals(status, expected);
  }
});

Deno.test("CONTRIBUTING's example gets completions and a manual page", async () => {
  using dir = checkoutWithExample();
  const { status, stderr } = await deno(
    dir,
    "run",
    "--quiet",
    "--allow-read",
    "--allow-write",
    "scripts/docs/docs.ts",
  );
  assertEquals(status, 0, stderr);
  const read = (path: string) => Deno.readTextFileSync(`${dir.path}/${path}`);
  assertStringIncludes(
    read(`share/bash-completion/completions/${NAME}`),
    "-s --status",
  );
  assertStringIncludes(read(`share/man/man1/${NAME}.1`), "\\fB\\-s\\fR, ");
});

Deno.test("CONTRIBUTING's layout names what is there", () => {
  const [, layout] = /^```text\n(.*?)^```$/ms.exec(TEXT)!;
  const files = [...Deno.readDirSync(ROOT)].map(({ name }) => name);
  let folder = "";
  for (const line of layout.trimEnd().split("\n")) {
    const [names] = line.trimStart().split(/ {2,}/);
    if (!line.startsWith(" ")) folder = "";
    for (const name of names.split(" ")) {
      // What is left open: "…", and a name for any.
      if (name === "…" || name === "_x.ts") continue;
      const path = `${folder}${name}`;
      assert(Deno.statSync(new URL(path, ROOT)) !== undefined, path);
    }
    if (!line.startsWith(" ")) folder = names;
  }
  const ours = files.filter((name) =>
    !name.startsWith(".") && !/\.md$|^LICENSE$|^dist$|^node_modules$/.test(name)
  );
  for (const name of ours) {
    assert(layout.includes(name), `the layout has no ${name}`);
  }
});

Deno.test("CONTRIBUTING's list of packages is that of .ci/run", async () => {
  const [, command] = /^apt-get install \$\((.*)\)$/m.exec(TEXT)!;
  const { stdout } = await run(["bash", "-c", command], { cwd: ROOT.pathname });
  const packages = text(stdout).trim().split(/\s+/);
  assert(packages.includes("python3-subunit") && packages.includes("jq"));
  assert(packages.every((name) => /^[a-z0-9][a-z0-9.+-]+$/.test(name)));
});
