import { assert, assertEquals, assertMatch } from "@std/assert";
import { install, installWords } from "../../scripts/install.ts";
import { toolNames } from "../../scripts/tool_path.ts";
import { run, TempDir, text } from "../support/run.ts";

const ROOT = new URL("../../", import.meta.url);
/** No Deno is there. */
const BARE_PATH = "/usr/bin:/bin";

/** Runs the script that installs, as its task does. */
function runInstall(...args: string[]) {
  return run([
    Deno.execPath(),
    "run",
    "--allow-read",
    "--allow-write",
    "--allow-run",
    "--allow-env=HOME,PATH,DENO_INSTALL_ROOT",
    new URL("scripts/install.ts", ROOT).pathname,
    ...args,
  ], { cwd: ROOT.pathname });
}

/** What a script's first line asks Deno for. */
function askedFor(script: URL): string[] {
  const [line] = Deno.readTextFileSync(script).split("\n", 1);
  return line.slice("#!/usr/bin/env -S deno run ".length).split(" ");
}

Deno.test("deno task install installs tools that work in a pipeline", async () => {
  using dir = new TempDir();
  const root = `${dir.path}/a place`;
  const tools = ["tap2subunit", "subunit-tee", "subunit-ls"];
  const installed = await runInstall("--root", root, ...tools);
  assertEquals(installed.stderr, "");
  assertEquals(installed.status, 0);
  assertMatch(
    text(installed.stdout),
    /^deno install --global .* --allow-read --allow-write .*subunit-tee\.ts$/m,
  );
  assertMatch(
    text(installed.stdout),
    /^Now put .*a place\/bin on the PATH\.$/m,
  );
  const { stdout, stderr, status } = await run(
    [
      "bash",
      "-c",
      "printf 'ok 1 - a\\nnot ok 2 - b\\n1..2\\n' | tap2subunit | subunit-tee kept | subunit-ls --failing",
    ],
    { cwd: dir.path, env: { PATH: `${root}/bin:${BARE_PATH}` } },
  );
  assertEquals(stderr, "");
  assertEquals(text(stdout), "test 2 - b\n");
  assertEquals(status, 1);
  assert(Deno.statSync(`${dir.path}/kept`).size > 0);
  for (
    const path of [
      "bash-completion/completions/subunit-ls",
      "zsh/site-functions/_subunit-ls",
      "fish/vendor_completions.d/subunit-ls.fish",
      "man/man1/subunit-ls.1",
      "man/man7/subunit-tools.7",
    ]
  ) {
    assert(Deno.statSync(`${root}/share/${path}`).isFile, path);
  }
});

Deno.test("deno task install says what it does not know", async () => {
  for (const args of [["subunit-nothing"], ["--rot", "/tmp"], ["--root"]]) {
    const { stderr, status } = await runInstall(...args);
    assertMatch(stderr, /^Cannot install: .*\n$/);
    assertEquals(status, 2);
  }
});

Deno.test("installWords ask for what the first line of a tool asks for", () => {
  for (const name of toolNames()) {
    const script = new URL(`filters/${name}.ts`, ROOT);
    const words = installWords(name, script, "/place");
    const asked = askedFor(script);
    assertEquals(words.slice(-1 - asked.length, -1), asked, name);
    assert(asked.some((flag) => flag.startsWith("--allow-")), name);
    const isPermission = (word: string) =>
      /^(--allow|--deny|-[A-Z])/.test(word);
    assertEquals(words.filter(isPermission), asked.filter(isPermission));
  }
});

Deno.test("install grants the permissions of the first line, and no more", async () => {
  using dir = new TempDir();
  for (
    const [asked, granted] of [
      ["--allow-read", ["read"]],
      ["--allow-read --allow-write --allow-run", ["read", "write", "run"]],
      ["--allow-read=/etc", []],
    ] as const
  ) {
    const path = dir.file(
      "probe.ts",
      `#!/usr/bin/env -S deno run --quiet --no-prompt ${asked}
const names = ["read", "write", "run", "env", "net", "sys", "ffi"] as const;
const granted = names.filter((name) =>
  Deno.permissions.querySync({ name }).state === "granted"
);
const isEtcSeen = Deno.permissions.querySync({ name: "read", path: "/etc" }).state;
console.log(JSON.stringify({ granted, isEtcSeen }));
`,
    );
    // Behind the first, an older one is replaced.
    install("probe", new URL(`file://${path}`), dir.path);
    const { stdout, stderr } = await run([`${dir.path}/bin/probe`], {
      env: { PATH: BARE_PATH },
    });
    assertEquals(stderr, "");
    assertEquals(JSON.parse(text(stdout)), { granted, isEtcSeen: "granted" });
  }
});

Deno.test("what is installed keeps to the lock of the checkout", async () => {
  using dir = new TempDir();
  install(
    "subunit2cbor",
    new URL("filters/subunit2cbor.ts", ROOT),
    dir.path,
  );
  const read = (path: string | URL) => JSON.parse(Deno.readTextFileSync(path));
  const beside = `${dir.path}/bin/.subunit2cbor`;
  const { specifiers, npm } = read(`${beside}/deno.lock`);
  const ours = read(new URL("deno.lock", ROOT));
  assertEquals(specifiers, ours.specifiers);
  assertEquals(npm, ours.npm);
  assertEquals(read(`${beside}/deno.json`).lock, { frozen: true });
  const { status } = await run([`${dir.path}/bin/subunit2cbor`]);
  assertEquals(status, 0);
});
