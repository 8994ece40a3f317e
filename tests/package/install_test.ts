import { assert, assertEquals, assertMatch } from "@std/assert";
import { commandWords, install } from "../../scripts/install.ts";
import { toolNames, toolScript } from "../../scripts/tool_path.ts";
import { copyCheckout } from "../support/checkout.ts";
import { longTest, ROOT, run, TempDir, text } from "../support/run.ts";

/** A PATH without Deno. */
const BARE_PATH = "/usr/bin:/bin";

/** Runs the install script as its task does. */
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

/** The options and permissions in a script's first line. */
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
    /^.*a place\/bin\/subunit-tee --allow-read --allow-write$/m,
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
  assertEquals(text(stdout), "b\n");
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

Deno.test("what is installed fails when a descriptor that it needs is closed", async () => {
  using dir = new TempDir();
  const names = ["subunit-filter", "subunit-ls"];
  await install(names.map(toolScript), dir.path);
  for (const name of names) {
    const command = `${dir.path}/bin/${name}`;
    const runWith = (redirection: string) =>
      run(["sh", "-c", `"$0" ${redirection}`, command]);
    assertEquals(await runWith("< /dev/null > /dev/null"), {
      status: 0,
      stdout: new Uint8Array(),
      stderr: "",
    });
    const unread = await runWith("<&-");
    assertEquals(unread, {
      status: 2,
      stdout: new Uint8Array(),
      stderr:
        `${name}: Cannot read standard input: bad file descriptor: the rest was not read\n`,
    });
    const unwritten = await runWith(">&-");
    assertEquals(unwritten, {
      status: 2,
      stdout: new Uint8Array(),
      stderr:
        `${name}: Cannot write standard output: it is closed: redirect it to /dev/null\n`,
    });
    // What is not read may be closed.
    assertEquals((await runWith("/dev/null <&-")).status, 0);
  }
});

Deno.test("deno task install says what it does not know", async () => {
  for (const args of [["subunit-nothing"], ["--rot", "/tmp"], ["--root"]]) {
    const { stderr, status } = await runInstall(...args);
    assertMatch(stderr, /^Cannot install: .*\n$/);
    assertEquals(status, 2);
  }
});

Deno.test("commandWords ask for what the first line of a tool asks for", () => {
  for (const name of toolNames()) {
    const script = new URL(`filters/${name}.ts`, ROOT);
    const words = commandWords(script, "/place");
    const asked = askedFor(script);
    assertEquals(words, [
      "/place/lib/subunit-tools/deno",
      "run",
      ...asked,
      "--no-config",
      `/place/lib/subunit-tools/${name}.js`,
    ]);
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
    // From the second on, this replaces an older command.
    await install([new URL(`file://${path}`)], dir.path);
    const { stdout, stderr } = await run([`${dir.path}/bin/probe`], {
      env: { PATH: BARE_PATH },
    });
    assertEquals(stderr, "");
    assertEquals(JSON.parse(text(stdout)), { granted, isEtcSeen: "granted" });
  }
});

Deno.test("what is installed keeps to the lock of the checkout", async () => {
  using dir = new TempDir();
  const script = new URL("filters/cbor2subunit.ts", ROOT);
  await install([script], dir.path);
  const bundle = `${dir.path}/lib/subunit-tools/cbor2subunit.js`;
  const inside = Deno.readTextFileSync(bundle)
    .matchAll(/^\/\/ .*\/npm\/[^/\n]+\/([^/\n]+)\/([^/\n]+)\//gm);
  const versions = Array.from(inside, ([, name, version]) => [name, version]);
  const { specifiers } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.lock", ROOT)),
  );
  assert(versions.some(([name]) => name === "cbor-x"));
  for (const [name, version] of versions) {
    assertEquals(specifiers[`npm:${name}@${version}`], version);
  }
  const { status } = await run([`${dir.path}/bin/cbor2subunit`]);
  assertEquals(status, 0);
});

longTest(
  "what is installed outlives the checkout, npx's Deno and all caches",
  [],
  async () => {
    using home = new TempDir();
    using checkout = await copyCheckout();
    // As with npx: a Deno in a cache, and none on the PATH.
    const npx = `${home.path}/.npm/_npx/0a1b/node_modules/deno`;
    Deno.mkdirSync(npx, { recursive: true });
    await run(["cp", Deno.execPath(), `${npx}/deno`]);
    const source = `${home.path}/checkout`;
    await run(["cp", "-r", checkout.path, source]);
    const { denoDir } = JSON.parse(
      text((await run([Deno.execPath(), "info", "--json"])).stdout),
    );
    const target = `${home.path}/it's local`;
    const installed = await run(
      [`${npx}/deno`, "task", "--quiet", "install", "--root", target],
      {
        cwd: source,
        env: {
          HOME: home.path,
          PATH: `${npx}:${BARE_PATH}`,
          DENO_DIR: denoDir,
        },
      },
    );
    assertEquals([installed.stderr, installed.status], ["", 0]);

    Deno.removeSync(`${home.path}/.npm`, { recursive: true });
    Deno.renameSync(source, `${home.path}/moved`);
    // Configurations in the folders above must be ignored.
    home.file("deno.json", "{");
    home.file("package.json", "{");
    const env = {
      HOME: home.path,
      PATH: `${target}/bin:${BARE_PATH}`,
      DENO_DIR: `${home.path}/empty`,
    };
    for (const name of toolNames()) {
      const { status, stdout, stderr } = await run([name, "--version"], {
        env,
      });
      assertEquals(stderr, "");
      assertMatch(text(stdout), new RegExp(`^${name} \\(subunit-tools\\) `));
      assertEquals(status, 0);
      const command = Deno.readTextFileSync(`${target}/bin/${name}`);
      for (const gone of [source, ".npm", checkout.path, denoDir]) {
        assert(!command.includes(gone), command);
      }
    }
    const { stdout } = await run(
      ["bash", "-c", "printf 'ok 1 - a\\n1..2\\n' | tap2subunit | subunit-ls"],
      { env },
    );
    assertEquals(text(stdout), "a\ntest 2\n");
  },
);

Deno.test("install replaces what is there, also from itself, and no link's target", async () => {
  using dir = new TempDir();
  const linked = dir.file("linked", "not ours");
  Deno.mkdirSync(`${dir.path}/place/bin`, { recursive: true });
  Deno.symlinkSync(linked, `${dir.path}/place/bin/subunit-ls`);
  for (const deno of [Deno.execPath(), "lib/subunit-tools/deno"]) {
    const installed = await run([
      deno.replace(/^lib/, `${dir.path}/place/lib`),
      ...["run", "--allow-all"],
      new URL("scripts/install.ts", ROOT).pathname,
      ...["--root", `${dir.path}/place`, "subunit-ls"],
    ]);
    assertEquals([installed.stderr, installed.status], ["", 0]);
    const command = `${dir.path}/place/bin/subunit-ls`;
    assert(Deno.lstatSync(command).isFile);
    const { status } = await run([command]);
    assertEquals(status, 0);
    const beside = Deno.readDirSync(`${dir.path}/place/lib/subunit-tools`);
    assertEquals(Array.from(beside, ({ name }) => name).sort(), [
      "deno",
      "subunit-ls.js",
    ]);
  }
  assertEquals(Deno.readTextFileSync(linked), "not ours");
});
