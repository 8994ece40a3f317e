import { assertEquals, assertThrows } from "@std/assert";
import { TempDir } from "../../../tests/support/run.ts";
import { stream } from "../../../tests/support/streams.ts";
import { isRegularFile, openLocked, openTemporary, rewind } from "./files.ts";
import { writeAll } from "./output.ts";

Deno.test("isRegularFile says no of all that cannot be read twice", () => {
  using dir = new TempDir();
  const path = dir.file("file", "");
  Deno.symlinkSync(path, `${dir.path}/link`);
  const cases: [path: string, isRegular: boolean][] = [
    [path, true],
    [`${dir.path}/link`, true],
    [dir.path, false],
    ["/dev/null", false],
    [`${dir.path}/none`, false],
  ];
  for (const [path, isRegular] of cases) {
    assertEquals([path, isRegularFile(path)], [path, isRegular]);
  }
});

Deno.test("openTemporary opens a file that has no name any more", () => {
  const prefix = `subunit-${crypto.randomUUID()}-`;
  using file = openTemporary(prefix);
  writeAll(file, stream("kept"));
  rewind(file);
  const buffer = new Uint8Array(10);
  assertEquals(file.readSync(buffer), 4);
  assertEquals(buffer.subarray(0, 4), stream("kept"));
  using dir = new TempDir();
  const directory = dir.path.replace(/\/[^/]*$/, "");
  const named = [...Deno.readDirSync(directory)]
    .filter(({ name }) => name.startsWith(prefix));
  assertEquals(named, []);
});

Deno.test("openLocked appends to a file, and makes it", () => {
  using dir = new TempDir();
  const path = `${dir.path}/seen`;
  for (const line of ["one\n", "two\n"]) {
    using file = openLocked(path);
    writeAll(file, stream(line));
  }
  assertEquals(Deno.readTextFileSync(path), "one\ntwo\n");
  assertThrows(() => openLocked(dir.path));
});
