import { assertEquals, assertThrows } from "@std/assert";
import { ToolError } from "../errors.ts";
import { idsIn } from "./list_file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("idsIn takes lines, or what ends with NUL, however the list is cut", () => {
  const lists: Record<string, string[]> = {
    "": [],
    "\n": [],
    "\0": [],
    "\0\n": [],
    "a\nb\r\n\nc": ["a", "b", "c"],
    "a\nb\0c d\0": ["a\nb", "c d"],
    // As `echo` ends it.
    "a\0b\0\n": ["a", "b"],
    "a\0\n\0": ["a", "\n"],
    "\ufeffa\0\0b\0": ["a", "b"],
  };
  for (const [list, ids] of Object.entries(lists)) {
    const all = bytes(list);
    for (let at = 0; at <= all.length; at++) {
      const chunks = [all.subarray(0, at), all.subarray(at)];
      assertEquals([list, idsIn(chunks, "list")], [list, ids]);
    }
  }
});

Deno.test("idsIn refuses a list that ends inside an id, or mixes both", () => {
  for (const list of ["a\0b", "a\nb\0c\n", "a\0\n\n"]) {
    assertThrows(() => idsIn([bytes(list)], "list"), ToolError, "has a NUL");
  }
});
