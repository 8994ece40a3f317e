import { assertEquals } from "@std/assert";
import { type GenerationUnit, unitFiles } from "./unit_files.ts";

const TREE: Readonly<Record<string, readonly string[]>> = {
  ".": ["a_test.ts", "b/c_test.ts"],
  "b": ["b/c_test.ts"],
};

function files(unit: Partial<GenerationUnit>): readonly string[] {
  const all = { kind: "list", excluded: [], isCareful: false, secret: "s" };
  return unitFiles(
    { ...all, paths: ["."], ...unit } as GenerationUnit,
    "/home/x",
    (path) => TREE[path] ?? [path],
  ).files;
}

Deno.test("unitFiles has each file of the paths once, without excluded ones", () => {
  const all = ["a_test.ts", "b/c_test.ts"];
  assertEquals(files({}), all);
  assertEquals(files({ kind: "run" }), all);
  assertEquals(files({ paths: ["/home/x/b", "./b", "."] }), all.toReversed());
  assertEquals(files({ paths: ["/y/d.ts"] }), ["/y/d.ts"]);
  assertEquals(files({ excluded: ["a_test.ts"] }), ["b/c_test.ts"]);
});

Deno.test("unitFiles has the files of the ids to run, in their order", () => {
  const names = ["z.ts::a", "b/c_test.ts::a::b", "z.ts::c", "no file"];
  assertEquals(files({ kind: "run", names }), ["z.ts", "b/c_test.ts"]);
});

Deno.test("unitFiles has the files that a list may have tests of", () => {
  for (
    const [name, expected] of [
      ["b", ["b/c_test.ts"]],
      ["b/c_test.ts::x", ["b/c_test.ts"]],
      ["a_test.ts", ["a_test.ts"]],
      ["c", []],
    ] as const
  ) {
    assertEquals(files({ names: [name] }), expected, name);
  }
});
