/** The manifest and the content of the npm package. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { addresses } from "../../scripts/npm/manifest.ts";
import { loadTools } from "../../scripts/docs/docs.ts";
import {
  bin,
  installed,
  installedNodes,
  installPackage,
  oldestNodes,
  projectWithPackage,
  succeed,
} from "../support/package.ts";
import { commandBlocks } from "../support/readme.ts";
import {
  longTest,
  peer,
  ROOT,
  run,
  some,
  TempDir,
  text,
  TOOLS,
} from "../support/run.ts";
import { stream } from "../support/streams.ts";

/** A file of the repository. */
function source(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The paths of the package's scripts in a folder, at any depth. */
function scripts(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(
    ({ name, isDirectory }) =>
      isDirectory
        ? scripts(`${folder}/${name}`)
        : name.endsWith(".js")
        ? [`${folder}/${name}`]
        : [],
  );
}

/** The scripts that a script names in imports of a form, and so on; and itself. */
function modulesBehind(script: string, form: RegExp): Set<string> {
  const found = new Set([script]);
  // It grows while it is walked over.
  for (const path of found) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    for (const [, name] of Deno.readTextFileSync(path).matchAll(form)) {
      const other = `${folder}/${name}`;
      if (isFile(other)) found.add(other);
    }
  }
  return found;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

// --- The manifest

function registerManifestTests(): void {
  const manifest = JSON.parse(
    Deno.readTextFileSync(`${installed}/package.json`),
  );
  const project = JSON.parse(source("deno.json"));

  Deno.test("the npm package names its version, licenses and authors", () => {
    assertEquals(manifest.version, project.version);
    assertEquals(manifest.license, "MIT AND LGPL-3.0-or-later");
    assertStringIncludes(source("LICENSE"), `(c) 2026 ${manifest.author}\n`);
    // The LGPL in full, and the package that it covers.
    const licenses = Deno.readTextFileSync(`${installed}/LICENSES.md`);
    assertMatch(licenses, /^# openpgp \S+: LGPL-3\.0\+/m);
    assertStringIncludes(licenses, "GNU LESSER GENERAL PUBLIC LICENSE");
    assertEquals(
      Deno.readTextFileSync(`${installed}/LICENSE`),
      source("LICENSE"),
    );
  });

  Deno.test("the npm package names the address that deno.json has, or none", () => {
    const { repository, homepage, bugs } = manifest;
    assertEquals(
      { repository, homepage, bugs },
      {
        repository: undefined,
        homepage: undefined,
        bugs: undefined,
        ...addresses(project.repository),
      },
    );
    assertEquals(addresses("https://example.org/a/b"), {
      repository: { type: "git", url: "git+https://example.org/a/b.git" },
      homepage: "https://example.org/a/b#readme",
      bugs: { url: "https://example.org/a/b/issues" },
    });
  });

  Deno.test("the npm package needs no other, and names one that npm may leave out", async () => {
    assertEquals(manifest.dependencies, undefined);
    assertEquals(manifest.peerDependencies, undefined);
    const [name, version] = project.imports["node-sqlite3-wasm"]
      .replace("npm:", "").split("@");
    assertEquals(manifest.optionalDependencies, { [name]: version });
    // Without it and without SQLite in the runtime, the log is read.
    using dir = new TempDir();
    await succeed(["cp", "-r", `${installed}/.`, `${dir.path}/package`]);
    const packages = `${dir.path}/package/node_modules`;
    await succeed(["rm", "-rf", packages]);
    const none = dir.file(
      "none.cjs",
      `const { getBuiltinModule } = process;
      process.getBuiltinModule = (name) =>
        name === "node:sqlite" ? undefined : getBuiltinModule(name);`,
    );
    const log = dir.file("log", "");
    const { status, stdout, stderr } = await run([
      ...["node", "--require", none, `${dir.path}/package/bin/fault-log`],
      ...["query", `--index=${dir.path}/index`, log],
    ]);
    assertMatch(stderr, /^fault-log: There is no SQLite: install node-sqlite3/);
    assertEquals([text(stdout), status], ["", 0]);
  });

  Deno.test("the npm package has all files that its manifest names", () => {
    const named = [
      ...Object.values<string>(manifest.bin),
      ...manifest.man,
      ...Object.values<Record<string, string>>(manifest.exports)
        .flatMap(Object.values),
    ];
    for (const path of named) {
      assert(Deno.statSync(`${installed}/${path}`).isFile, path);
    }
  });
}

// --- Content

function registerContentTests(): void {
  Deno.test("the npm package tells nothing of the machine that built it", async () => {
    const { denoDir } = JSON.parse(
      await succeed([Deno.execPath(), "info", "--json"]),
    );
    const npm = async (key: string) =>
      (await succeed(["npm", "config", "get", key])).trim();
    const words = [
      ROOT.pathname,
      Deno.env.get("HOME")!,
      Deno.realPathSync(Deno.env.get("TMPDIR") ?? "/tmp") + "/",
      denoDir,
      await npm("cache"),
      new URL(await npm("registry")).host,
      // Registries, by their names.
      ...Array.from(Deno.readDirSync(`${denoDir}/npm`), ({ name }) => name),
    ].filter((word) => word.length > 1);
    const patterns = words.flatMap((word) => ["-e", word]);
    const { stdout, status } = await run(
      ["grep", "-rlF", ...patterns, installed],
    );
    assertEquals(text(stdout), "");
    assertEquals(status, 1);
  });

  Deno.test("the tools of the npm package share what they have in common", () => {
    const holders = (name: string) =>
      scripts(`${installed}/tools`).filter((path) =>
        // Python's classes have a parenthesis: one tool carries its engine along.
        new RegExp(`\\bclass ${name}\\b(?!\\()|\\b${name}=class\\b`)
          .test(Deno.readTextFileSync(path))
      ).length;
    for (const name of ["PacketDecoder", "ToolIO", "UsageError", "Output"]) {
      assertEquals(holders(name), 1, name);
    }
    // No tool uses web streams, which take Node a while to load.
    for (const name of ["StreamPair", "PacketDecoderStream"]) {
      assertEquals(holders(name), 0, name);
    }
    // OpenPGP is large: three tools use it, and none loads it when it starts.
    const large = scripts(`${installed}/tools`)
      .filter((path) => Deno.statSync(path).size > 200_000);
    assertEquals(large.length, 1);
    const usersBy = (form: RegExp) =>
      TOOLS.filter((name) =>
        modulesBehind(`${installed}/tools/${name}.js`, form).has(large[0])
      );
    assertEquals(usersBy(/(?:from|import) ?"\.\/([^"]+\.js)"/g), []);
    assertEquals(
      usersBy(/"\.\/([^"]+\.js)"/g),
      ["fault-log", "gpg-signed-stream", "subunit-conform"],
    );
  });

  Deno.test("source maps name files of the repository, and of packages", () => {
    for (const folder of ["tools", "lib", "reporter"]) {
      for (const path of scripts(`${installed}/${folder}`)) {
        const script = Deno.readTextFileSync(path);
        const name = path.split("/").at(-1)!;
        assertStringIncludes(script, `\n//# sourceMappingURL=${name}.map\n`);
        const map = JSON.parse(Deno.readTextFileSync(`${path}.map`));
        assertEquals(map.sourcesContent, undefined);
        for (const named of map.sources) {
          const url = new URL(named, `file://${path}`).pathname;
          const inPackage = url.slice(installed.length + 1);
          if (inPackage.startsWith("npm/")) continue;
          assert(Deno.statSync(new URL(inPackage, ROOT)).isFile, named);
        }
      }
    }
  });

  Deno.test("the trace of a defect leads to the sources, in tools and library", async () => {
    using dir = projectWithPackage();
    const broken = dir.file(
      "broken.cjs",
      'TextDecoder = class { constructor() { throw new Error("defect"); } };',
    );
    const main = dir.file(
      "main.mjs",
      `import { encodePacket } from "subunit-tools";
      encodePacket({ testId: "\\0" });`,
    );
    for (
      const [args, first] of [
        [["--require", broken, `${bin}/subunit-ls`], /\bnew TextDecoder\(/],
        [[main], / throw new RangeError\(/],
      ] as const
    ) {
      const { stderr } = await runRaw([
        "node",
        "--enable-source-maps",
        ...args,
      ]);
      const [, path, line] =
        /^ +at .*\/subunit-tools\/((?:codec|filters)\/.*):(\d+):\d+\)?$/m
          .exec(stderr) ?? [];
      assert(path !== undefined, stderr);
      assertMatch(source(path).split("\n")[Number(line) - 1], first, stderr);
    }
  });
}

/** Runs a command that may crash. */
async function runRaw([program, ...args]: readonly string[]) {
  const { stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return { stderr: text(stderr) };
}

// --- subunit-tools, the command

function registerDispatcherTests(): void {
  const call = (args: readonly string[], stdin: Uint8Array | string = "") =>
    run([`${bin}/subunit-tools`, ...args], { stdin });

  Deno.test("subunit-tools lists every tool with what it is for", async () => {
    const listed = await call([]);
    assertEquals(listed.stderr, "");
    assertEquals(listed.status, 0);
    const rows = text(listed.stdout).matchAll(/^ {2}([a-z]\S+) +(.+)$/gm);
    const tools = (await loadTools()).map(({ name, summary }) => [
      name,
      summary,
    ]);
    assertEquals(
      Array.from(rows, ([, name, summary]) => [name, summary])
        .filter(([name]) => name !== "subunit-tools" && name !== "node"),
      tools,
    );
    for (const option of ["--help", "-h"]) {
      assertEquals((await call([option])).stdout, listed.stdout);
    }
    const { version } = JSON.parse(source("deno.json"));
    const { stdout } = await call(["--version"]);
    assertEquals(text(stdout), `subunit-tools ${version}\n`);
  });

  Deno.test("subunit-tools runs a tool by its name, in full and for short", async () => {
    const input = stream({ testId: "a", status: "fail" }, "text\n");
    for (
      const [words, name] of [
        [["ls", "--times"], "subunit-ls"],
        [["subunit-ls", "--no-such"], "subunit-ls"],
        [["2csv"], "subunit2csv"],
        [["subunit2csv", "--help"], "subunit2csv"],
        [["tap2subunit", "--help"], "tap2subunit"],
        [["filter", "-F", "--", "-"], "subunit-filter"],
        [["gpg-signed-stream", "verify"], "gpg-signed-stream"],
      ] as const
    ) {
      const [, ...args] = words;
      const expected = await run([`${bin}/${name}`, ...args], { stdin: input });
      assertEquals(await call(words, input), expected, words.join(" "));
    }
  });

  Deno.test("subunit-tools knows the short name of every tool", async () => {
    for (const name of some(TOOLS, 1)) {
      const word = name.replace(/^subunit-?/, "");
      const { stdout } = await call([word, "--version"]);
      assertMatch(text(stdout), new RegExp(`^${name} \\(subunit-tools\\) `));
    }
  });

  Deno.test("subunit-tools refuses what it does not know, and names the nearest", async () => {
    for (
      const [word, message] of [
        ["lss", 'Unknown tool "lss": did you mean "ls"?'],
        [
          "subunit2tao",
          'Unknown tool "subunit2tao": did you mean "subunit2tap"?',
        ],
        [
          "tap2subnit",
          'Unknown tool "tap2subnit": did you mean "tap2subunit"?',
        ],
        ["../ls", 'Unknown tool "../ls": did you mean "ls"?'],
        ["a\x1b", 'Unknown tool "a\\u001b": did you mean "ls"?'],
        ["--lst", 'Unknown option "--lst": see --help'],
      ]
    ) {
      const { status, stdout, stderr } = await call([word]);
      assertEquals(stderr, `subunit-tools: ${message}\n`);
      assertEquals(stdout.length, 0);
      assertEquals(status, 2);
    }
  });

  Deno.test("subunit-tools says when its list cannot be written", async () => {
    const bash = (script: string) =>
      run(["bash", "-c", script, `${bin}/subunit-tools`]);
    const full = await bash('"$0" > /dev/full');
    assertMatch(full.stderr, /^subunit-tools: .*standard output.*\n$/);
    assertEquals(full.status, 2);
    const left = await bash('"$0" | true; exit ${PIPESTATUS[0]}');
    assertEquals([left.stderr, left.status === 0 || left.status === 141], [
      "",
      true,
    ]);
  });

  Deno.test("subunit-tools runs tools under Deno as well", async () => {
    const words = ["run", "--quiet", "--allow-read", "--no-config"];
    const command = [Deno.execPath(), ...words, `${bin}/subunit-tools`, "ls"];
    const input = stream({ testId: "a", status: "fail" });
    const { status, stdout, stderr } = await run(command, { stdin: input });
    assertEquals([stderr, text(stdout), status], ["", "a\n", 1]);
  });

  longTest("npx subunit-tools runs a tool of the tarball", [], async () => {
    using dir = new TempDir();
    const tarball = await succeed(["npm", "pack", "--silent", installed], {
      cwd: dir.path,
    });
    const npx = ["npx", "--yes", `--package=./${tarball.trim()}`];
    const { status, stdout } = await run([...npx, "subunit-tools", "ls"], {
      cwd: dir.path,
      env: { npm_config_cache: `${dir.path}/cache` },
      stdin: stream({ testId: "a", status: "fail" }),
    });
    assertEquals([text(stdout), status], ["a\n", 1]);
  });
}

// --- Where it runs

/** The paths of Nodes by their versions. */
async function versionsOf(
  nodes: readonly string[],
): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  for (const node of nodes) {
    const version = await succeed([node, "-p", "process.versions.node"]);
    versions.set(version.trim(), node);
  }
  return versions;
}

/**
 * @param started Nodes that `node_test.ts` runs every tool on
 */
function registerRuntimeTests(
  nodes: ReadonlyMap<string, string>,
  started: readonly string[],
): void {
  for (const [version, node] of nodes) {
    Deno.test(`the library is imported and required on Node ${version}`, async () => {
      using dir = projectWithPackage();
      const entries = [
        "",
        "/cbor",
        "/control",
        "/gojson",
        "/junit",
        "/reporter/node",
        "/tap",
        "/text",
        "/v1",
      ].map((name) => `subunit-tools${name}`);
      const list = JSON.stringify(entries);
      const use = "console.log(...all.map((it) => Object.keys(it).length > 0))";
      const required = dir.file(
        "main.cjs",
        `const all = ${list}.map((it) => require(it)); ${use}`,
      );
      const imported = dir.file(
        "main.mjs",
        `const all = await Promise.all(${list}.map((it) => import(it))); ${use}`,
      );
      for (const main of [required, imported]) {
        const printed = await succeed([node, main]);
        assertEquals(printed, `${entries.map(() => "true").join(" ")}\n`);
      }
    });

    if (started.includes(node)) continue;
    Deno.test(`every tool starts on Node ${version}`, async () => {
      for (const name of ["subunit-tools", ...some(TOOLS, 0)]) {
        const printed = await succeed([node, `${bin}/${name}`, "--version"]);
        assertStringIncludes(printed, `${name} `);
      }
    });
  }

  Deno.test("the npm package is for the Nodes that it is tested on", () => {
    const { engines } = JSON.parse(
      Deno.readTextFileSync(`${installed}/package.json`),
    );
    assertEquals(engines, { node: "^20.19 || >=22.12" });
    for (const version of nodes.keys()) {
      const [major, minor] = version.split(".").map(Number);
      const isMeant = major === 20
        ? minor >= 19
        : major > 22 || major === 22 && minor >= 12;
      assert(isMeant, version);
    }
  });

  Deno.test("a tool says which Node it needs when this one is too old", async () => {
    using dir = new TempDir();
    const old = dir.file("old.cjs", "process.getBuiltinModule = undefined;");
    const command = ["node", "--require", old, `${bin}/subunit-ls`];
    const { status, stdout, stderr } = await run(command);
    assertMatch(
      stderr,
      /^subunit-ls: Cannot run on Node v\S+: 20\.19 or later is needed\n$/,
    );
    assertEquals([stdout.length, status], [0, 2]);
  });

  Deno.test("a tool is found behind links, whatever their paths are called", async () => {
    using dir = new TempDir();
    const folder = `${dir.path}/100% #1? ü`;
    Deno.mkdirSync(folder);
    await succeed(["cp", "-r", `${installed}/.`, `${folder}/package`]);
    const file = `${folder}/package/bin/subunit-ls`;
    const link = `${dir.path}/ls`;
    Deno.symlinkSync(file, link);
    const input = stream({ testId: "a", status: "fail" });
    const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt"];
    for (
      const command of [
        ["node", link],
        ["node", file],
        [...deno, "--allow-read", link],
        // Without a link, loading it needs no permission.
        [...deno, file],
      ]
    ) {
      const { status, stdout, stderr } = await run(command, { stdin: input });
      assertEquals([stderr, text(stdout), status], ["", "a\n", 1]);
    }
  });
}

// --- Its README

function registerReadmeTests(): void {
  const readme = Deno.readTextFileSync(`${installed}/README.md`);

  for (const { commands, printed } of commandBlocks(readme)) {
    Deno.test(`the npm package's README shows what is printed: ${commands.split("\n")[0]}`, async () => {
      using dir = new TempDir();
      const { stdout } = await run(["bash", "-c", commands], {
        cwd: dir.path,
        env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
      });
      assertEquals(text(stdout), printed);
      assert(printed !== "");
    });
  }

  Deno.test("the npm package's README has an example that runs as it is", async () => {
    using dir = projectWithPackage();
    const [, code, printed] = /^```js\n(.*?)^```\n\n```text\n(.*?)^```$/ms
      .exec(readme)!;
    const main = dir.file("example.mjs", code);
    assertEquals(await succeed(["node", main]), printed);
    assertStringIncludes(code, 'from "subunit-tools"');
  });

  Deno.test("the npm package's README names its modules, commands and Nodes", () => {
    const { exports, engines } = JSON.parse(
      Deno.readTextFileSync(`${installed}/package.json`),
    );
    for (const name of Object.keys(exports)) {
      assertStringIncludes(readme, name.replace(/^\./, ""));
    }
    for (const [version] of engines.node.matchAll(/\d+\.\d+/g)) {
      assertStringIncludes(readme, version);
    }
    for (
      const { name } of [source("deno.json"), source("codec/deno.json")]
        .map((json) => JSON.parse(json))
    ) {
      assertStringIncludes(readme, `\`${name}\``);
    }
    // The package has no other documents.
    assert(!/\]\((?!https:)/.test(readme), "a link into the repository");
  });
}

if (peer("node") && peer("npm")) {
  await installPackage();
  registerManifestTests();
  registerContentTests();
  registerDispatcherTests();
  const nodes = await installedNodes();
  registerRuntimeTests(
    await versionsOf([...nodes, ...await oldestNodes()]),
    nodes,
  );
  registerReadmeTests();
} else {
  console.log("left out: the npm package needs node and npm");
}
