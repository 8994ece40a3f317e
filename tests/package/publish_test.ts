/** The packages for JSR, and their manifests. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { makeManifests } from "../../scripts/docs/manifests.ts";
import { copyCheckout } from "../support/checkout.ts";
import { longTest, ROOT, run, TempDir, text, TOOLS } from "../support/run.ts";

const MANIFEST = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", ROOT)),
);

/** The files that JSR would publish from a folder. */
async function publishedFrom(folder: string, name: string): Promise<string[]> {
  // The types are checked below, as they are published.
  const options = ["--dry-run", "--allow-dirty", "--no-check"];
  const { status, stdout, stderr } = await run(
    [Deno.execPath(), "publish", ...options],
    { cwd: folder, env: { NO_COLOR: "1" } },
  );
  const words = text(stdout) + stderr;
  // Slow types would be an error too.
  assertEquals(status, 0, words);
  assertMatch(words, /^Success Dry run complete$/m);
  const [, listed] = new RegExp(
    `^Simulating publish of ${name}@\\S+ with files:\\n((?: +.*\\n)+)`,
    "m",
  ).exec(words)!;
  const prefix = new URL(`file://${folder}/`).href;
  return Array.from(listed.matchAll(/^ +(\S+) \(.*\)$/gm), ([, url]) => {
    assert(url.startsWith(prefix), url);
    return url.slice(prefix.length);
  });
}

longTest(
  "deno publish would take both packages, with no tests in them",
  [],
  async () => {
    using dir = await copyCheckout();
    using published = new TempDir();
    const isTest = /_test\.ts$|^_testing\/|^tests\/|^scripts\//;
    for (const [folder, name] of [["", "tools"], ["/codec", "codec"]]) {
      const from = dir.path + folder;
      const files = await publishedFrom(from, `@subunit/${name}`);
      assertEquals(files.filter((file) => isTest.test(file)), []);
      const to = published.path + folder;
      for (const file of files) {
        Deno.mkdirSync(dirname(`${to}/${file}`), { recursive: true });
        Deno.copyFileSync(`${from}/${file}`, `${to}/${file}`);
      }
    }
    Deno.copyFileSync(`${dir.path}/deno.lock`, `${published.path}/deno.lock`);
    // Every published tool finds all that it imports.
    const modules = TOOLS.map((name) => `filters/${name}.ts`);
    const words = ["check", "--quiet", "mod.ts", ...modules];
    const checked = await run([Deno.execPath(), ...words], {
      cwd: published.path,
    });
    assertEquals(checked.status, 0, checked.stderr);
  },
);

Deno.test("the manifests say what the tools and the version are", () => {
  for (const [path, expected] of makeManifests(ROOT)) {
    const found = Deno.readTextFileSync(new URL(path, ROOT));
    assertEquals(found, expected, `${path} is old, run: deno task docs`);
  }
  const { ".": library, ...exports } = MANIFEST.exports;
  assertEquals(library, "./mod.ts");
  const expected = TOOLS.map((name) => [`./${name}`, `./filters/${name}.ts`]);
  // In this order.
  assertEquals(
    JSON.stringify(exports),
    JSON.stringify(Object.fromEntries(expected)),
  );
});

Deno.test("a version stands in one place, and scripts write it elsewhere", async () => {
  using dir = await copyCheckout();
  const next = "98.7.6-rc.5";
  const manifest = { ...MANIFEST, version: next };
  dir.file("deno.json", JSON.stringify(manifest));
  // Twice: the scripts can replace any version.
  for (const version of [next, MANIFEST.version]) {
    dir.file("deno.json", JSON.stringify({ ...manifest, version }, null, 2));
    const words = "run --quiet --allow-read --allow-write scripts/docs/docs.ts";
    const written = await run([Deno.execPath(), ...words.split(" ")], {
      cwd: dir.path,
    });
    assertEquals(written.stderr, "");
    const read = (path: string) => Deno.readTextFileSync(`${dir.path}/${path}`);
    assertEquals(JSON.parse(read("codec/deno.json")).version, version);
    assertMatch(read("examples/gitlab-ci.yml"), tarballOf(version));
    const page = read("share/man/man1/subunit-ls.1");
    assert(page.includes(`"subunit\\-tools ${version}"`), page.slice(0, 200));
    const tool = [Deno.execPath(), "run", "filters/subunit-ls.ts", "--version"];
    const { stdout } = await run(tool, { cwd: dir.path });
    assertEquals(text(stdout), `subunit-ls (subunit-tools) ${version}\n`);
  }
});

/** Matches the name of the tarball of a version. */
function tarballOf(version: string): RegExp {
  return new RegExp(`subunit-tools-${version.replaceAll(".", "\\.")}\\.tgz`);
}

Deno.test("the documents name no other version, and the changelog has it", () => {
  const { version } = MANIFEST;
  const pages = Array.from(Deno.readDirSync(ROOT), ({ name }) => name)
    .filter((name) => name.endsWith(".md"));
  for (const page of [...pages, "examples/gitlab-ci.yml"]) {
    const content = Deno.readTextFileSync(new URL(page, ROOT));
    for (const [tarball] of content.matchAll(/subunit-tools-\d\S*\.tgz/g)) {
      assertMatch(tarball, tarballOf(version), page);
    }
  }
  const changelog = Deno.readTextFileSync(new URL("CHANGELOG.md", ROOT));
  // Unreleased changes have no version yet.
  const latest = changelog.replace(/^## Unreleased\n/m, "")
    .match(/^## (\S+)$/m)![1];
  assertEquals(latest, version);
});
