import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../support/run.ts";
import { anchorsOf, brokenLinks, type Repository } from "../support/links.ts";

/** Folders without sources. */
const LEFT_OUT = [".git", "node_modules", "dist", ".corpora"];

/** The paths of the files below a folder. */
function* filesBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(`./${folder}`, ROOT))) {
    if (LEFT_OUT.includes(entry.name)) continue;
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(`${path}/`);
    else yield path;
  }
}

const REPOSITORY: Repository = {
  files: [...filesBelow("")],
  read: (path) => Deno.readTextFileSync(new URL(path, ROOT)),
};

/** The files that CONTRIBUTING's example adds. */
const INVENTED = ["filters/subunit-keep", "tests/filters/subunit-keep"];

const DOCUMENTS = REPOSITORY.files.filter((path) =>
  /^(README|CONTRIBUTING)\.md$|^docs\/[^/]*\.md$|^tests\/fixtures\/.*README\.md$/
    .test(path)
);

Deno.test("the documents whose links are followed are those we mean", () => {
  for (
    const path of [
      "README.md",
      "CONTRIBUTING.md",
      "docs/recipes.md",
      "tests/fixtures/tap/README.md",
    ]
  ) assert(DOCUMENTS.includes(path), path);
});

for (const path of DOCUMENTS) {
  Deno.test(`every link and path in ${path} leads somewhere`, () => {
    const broken = brokenLinks(
      path,
      REPOSITORY.read(path),
      REPOSITORY,
      INVENTED,
    );
    assertEquals(broken, []);
  });
}

/** A small repository, for texts in its folder `docs`. */
const SMALL: Record<string, string> = {
  "README.md": "# A Title\n\n## What it is\n\n## What it is\n",
  "docs/guide.md": "# Guide: `one` & two\n",
  "filters/one.ts": "",
  "tests/fixtures/tap/node.tap": "",
};
const SMALL_REPOSITORY: Repository = {
  files: Object.keys(SMALL),
  read: (path) => SMALL[path],
};

Deno.test("brokenLinks finds what leads nowhere", () => {
  for (
    const [text, expected] of [
      ["[a](guide.md) [b](../README.md)", []],
      ["[a](guide.md#guide-one--two)", []],
      ["[a](../README.md#what-it-is-1)", []],
      ["[a](#here)\n\n# Here", []],
      ["[a](../filters) [b](../tests/fixtures/)", []],
      ["[a](https://example.com/none) <mailto:a@example.com>", []],
      ["`filters/one.ts` `filters/*.ts` `tests/fixtures/` `guide.md`", []],
      ["`--output` `a/b` `dist/x.tgz` `@std/assert` `one two/three`", []],
      ["`filters/made_up.ts`", []],
      ["```sh\n[a](none.md) `filters/none.ts`\n```", []],
      ["`[a](none.md)`", []],
      ["[a](none.md)", ["none.md"]],
      ["[a\nb](none.md)", ["none.md"]],
      ["![a](none.png)", ["none.png"]],
      ['[a](none.md "title")', ["none.md"]],
      ["[`a`](none.md)", ["none.md"]],
      ["[a][b]\n\n[b]: none.md", ["none.md"]],
      ["[a](guide.md#none)", ["guide.md#none"]],
      ["[a](../README.md#what-it-is-2)", ["../README.md#what-it-is-2"]],
      ["[a](#none)", ["#none"]],
      ["[a](README.md)", ["README.md"]],
      ["[a](../../outside.md)", ["../../outside.md"]],
      ["`filters/none.ts`", ["filters/none.ts"]],
      ["`filters/*.py`", ["filters/*.py"]],
      ["`scripts/one.ts`", ["scripts/one.ts"]],
      ["`none.md`", ["none.md"]],
      ["```sh\n```\n[a](none.md)", ["none.md"]],
    ] as const
  ) {
    const broken = brokenLinks("docs/text.md", text, SMALL_REPOSITORY, [
      "filters/made_up",
    ]);
    assertEquals(broken, [...expected], text);
  }
});

Deno.test("brokenLinks takes paths of fixtures for neighbors", () => {
  const path = "tests/fixtures/README.md";
  const text = "`tap/node.tap` `tap/none.tap` `other/none.tap`";
  const broken = brokenLinks(path, text, SMALL_REPOSITORY);
  assertEquals(broken, ["tap/none.tap"]);
});

Deno.test("anchorsOf makes the anchors that GitHub makes", () => {
  const text =
    "# A b\n## A b\n```\n# no\n```\n### C-d_e: *f*, `g.ts`!\n## Ä ö\n";
  assertEquals([...anchorsOf(text)], ["a-b", "a-b-1", "c-d_e-f-gts", "ä-ö"]);
});
