import { assertEquals } from "@std/assert";
import { foldersUpwards } from "./paths.ts";

Deno.test("foldersUpwards goes to the root, which is empty", () => {
  assertEquals([...foldersUpwards("/a/b c")], ["/a/b c", "/a", ""]);
  assertEquals([...foldersUpwards("/")], [""]);
  assertEquals([...foldersUpwards()].at(0), Deno.cwd());
});
