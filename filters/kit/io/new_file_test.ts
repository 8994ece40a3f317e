import { assertEquals, assertThrows } from "@std/assert";
import { TempDir } from "../../../tests/support/run.ts";
import { stream } from "../../../tests/support/streams.ts";
import {
  createFile,
  makeDirectories,
  makeNewDirectory,
  writeNewFile,
} from "./new_file.ts";
import { writeAll } from "./output.ts";

Deno.test("new files and directories take a name that is free", () => {
  using dir = new TempDir();
  assertEquals(makeNewDirectory(dir.path, "a/b"), "a%2Fb");
  assertEquals(makeNewDirectory(dir.path, "a/b"), "a%2Fb-1");
  assertEquals(
    writeNewFile(dir.path, "a/b", [stream("fi"), stream("le")]),
    "a%2Fb-2",
  );
  // A link is a name that is taken, wherever it leads.
  Deno.symlinkSync(`${dir.path}/none`, `${dir.path}/link`);
  assertEquals(
    writeNewFile(dir.path, "link", [stream("fi"), stream("le")]),
    "link-1",
  );
  assertEquals(Deno.readTextFileSync(`${dir.path}/a%2Fb-2`), "file");
  assertEquals(Deno.statSync(`${dir.path}/a%2Fb-1`).isDirectory, true);
  assertThrows(() => Deno.statSync(`${dir.path}/none`), Deno.errors.NotFound);
});

Deno.test("createFile makes a file to write, and no other one", () => {
  using dir = new TempDir();
  const path = `${dir.path}/new`;
  {
    using file = createFile(path);
    writeAll(file, stream("all of it"));
  }
  assertEquals(Deno.readTextFileSync(path), "all of it");
  assertThrows(() => createFile(path), Deno.errors.AlreadyExists);
});

Deno.test("makeDirectories makes those above, and none twice", () => {
  using dir = new TempDir();
  const path = `${dir.path}/a/b/c`;
  makeDirectories(path);
  makeDirectories(path);
  assertEquals(Deno.statSync(path).isDirectory, true);
});
