import { assertEquals } from "@std/assert";
import { SourceWatch, type Stamp } from "./source_watch.ts";

/** Files that a test edits. */
class Files {
  readonly stamps = new Map<string, Stamp>();
  names: string[] = [];
  readonly watch = new SourceWatch({
    stampOf: (path) => this.stamps.get(path),
    namesIn: () => this.names,
  });

  edit(path: string, modified: number, size = 1): void {
    this.stamps.set(path, { modified, size });
  }

  /** Looks twice: what changes is reported once it stays as it is. */
  look(): string[] {
    assertEquals(this.watch.look(), []);
    return this.watch.look();
  }
}

Deno.test("SourceWatch reports edits once, with all that import what was edited", () => {
  const files = new Files();
  for (const name of ["a", "b", "lib", "deep"]) files.edit(name, 1000);
  files.watch.addTests("a", 2000);
  files.watch.addTests("b", 2000);
  files.watch.addImport("a", "lib", 2000);
  files.watch.addImport("lib", "deep", 2000);
  files.watch.addImport("deep", "lib", 2000);
  files.watch.addImport("b", "missing", 2000);
  assertEquals(files.watch.look(), []);
  files.edit("b", 3000);
  assertEquals(files.look(), ["b"]);
  assertEquals(files.watch.look(), []);
  files.edit("deep", 3000);
  assertEquals(files.look(), ["a", "deep", "lib"]);
  files.edit("missing", 3000);
  assertEquals(files.look(), ["b", "missing"]);
  files.stamps.delete("a");
  assertEquals(files.look(), ["a"]);
});

Deno.test("SourceWatch reports what was edited while it was loaded", () => {
  const files = new Files();
  files.edit("a", 2000);
  files.edit("b", 1000);
  files.watch.addTests("a", 1999);
  files.watch.addTests("b", 1999);
  assertEquals(files.watch.look(), ["a"]);
  // What is loaded again before anybody has looked is an edit all the same.
  files.edit("b", 3000);
  files.watch.addTests("b", 4000);
  assertEquals(files.look(), ["b"]);
});

Deno.test("SourceWatch reports what is new in folders", () => {
  const files = new Files();
  files.names = ["a"];
  files.watch.addFolder("tests", ["a"]);
  assertEquals(files.watch.look(), []);
  files.names = ["a", "c"];
  assertEquals(files.look(), ["tests/c"]);
  assertEquals(files.watch.look(), []);
  files.names = ["c"];
  assertEquals(files.watch.look(), []);
});

Deno.test("SourceWatch waits until what is being saved is whole", () => {
  const files = new Files();
  files.edit("a", 1000, 100);
  files.edit("b", 1000, 100);
  files.watch.addTests("a", 2000);
  files.watch.addTests("b", 2000);
  files.edit("a", 3000, 0);
  assertEquals(files.watch.look(), []);
  files.edit("a", 3000, 100);
  assertEquals(files.watch.look(), []);
  files.edit("b", 3000, 50);
  assertEquals(files.look(), ["a", "b"]);
  assertEquals(files.watch.look(), []);
});
