import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copyCheckout } from "../support/checkout.ts";
import { ROOT, run, type TempDir, text } from "../support/run.ts";
import { stream } from "../support/streams.ts";

const TEXT = Deno.readTextFileSync(new URL("CONTRIBUTING.md", ROOT));
const NAME = "subunit-keep";

/** The example, and the line that the test of all tools needs. */
const [EXAMPLE, ARGS] = Array.from(
  TEXT.matchAll(/^```ts ignore\n(.*?)^```$/gms),
  ([, code]) => code,
);

/** A checkout with the example added as the document describes. */
async function checkoutWithExample(): Promise<TempDir> {
  const dir = await copyCheckout();
  Deno.chmodSync(dir.file(`filters/${NAME}.ts`, EXAMPLE), 0o755);
  const path = `${dir.path}/tests/every_tool/pipes_test.ts`;
  const head = "function argsOf(name: string): string[] {\n";
  const test = Deno.readTextFileSync(path);
  assertStringIncludes(test, head);
  Deno.writeTextFileSync(path, test.replace(head, () => head + ARGS));
  return dir;
}

function deno(dir: TempDir, ...args: string[]) {
  const env = { SUBUNIT_TESTS: "all" };
  return run([Deno.execPath(), ...args], { cwd: dir.path, env });
}

Deno.test("CONTRIBUTING's example is about 60 lines, in form and type", async () => {
  using dir = await checkoutWithExample();
  const path = `filters/${NAME}.ts`;
  const example = Deno.readTextFileSync(`${dir.path}/${path}`);
  assert(Math.abs(example.split("\n").length - 60) <= 12);
  for (const args of [["fmt", "--check"], ["lint"], ["check", "--quiet"]]) {
    const { status, stderr } = await deno(dir, ...args, path);
    assertEquals(status, 0, stderr);
  }
});

Deno.test("CONTRIBUTING's example works as a command", async () => {
  using dir = await checkoutWithExample();
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
    const [args, output, expected, message] of [
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
    assertEquals(stderr.slice(0, message.length), message);
    assertEquals(status, expected);
  }
});

Deno.test("CONTRIBUTING's example gets completions, a manual page and an entry", async () => {
  using dir = await checkoutWithExample();
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
  const { exports } = JSON.parse(read("deno.json"));
  assertEquals(exports[`./${NAME}`], `./filters/${NAME}.ts`);
});

Deno.test("CONTRIBUTING's example is tested as every tool is", async () => {
  using dir = await checkoutWithExample();
  const tests = ["pipes", "permissions"].map((name) =>
    `tests/every_tool/${name}_test.ts`
  );
  const filter = `--filter=${NAME}`;
  const { stdout, stderr } = await deno(
    dir,
    ...["test", "--allow-all", "--no-check", filter, ...tests],
  );
  const [, passed] = /\| (\d+) passed/.exec(text(stdout)) ?? [];
  assertStringIncludes(text(stdout), " | 0 failed", stderr);
  assert(Number(passed) >= 10, text(stdout));
});

Deno.test("CONTRIBUTING's layout names what is there", () => {
  const [, layout] = /^```text\n(.*?)^```$/ms.exec(TEXT)!;
  const files = [...Deno.readDirSync(ROOT)].map(({ name }) => name);
  /** The folders that a line is in, by their depth. */
  const folders: string[] = [];
  for (const line of layout.trimEnd().split("\n")) {
    const [names] = line.trimStart().split(/ {2,}/);
    const depth = (line.length - line.trimStart().length) / 2;
    for (const name of names.split(" ")) {
      // Left open.
      if (name === "…") continue;
      const path = [...folders.slice(0, depth), name].join("");
      assert(Deno.statSync(new URL(path, ROOT)) !== undefined, path);
    }
    folders[depth] = names;
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
