import { assertEquals } from "@std/assert";
import { fingerprint } from "./code_quality.ts";

Deno.test("fingerprint is FNV-1a", () => {
  // Vectors of its authors.
  const cases: [text: string, hash: string][] = [
    ["", "cbf29ce484222325"],
    ["a", "af63dc4c8601ec8c"],
    ["foobar", "85944171f73967e8"],
  ];
  for (const [text, hash] of cases) assertEquals(fingerprint(text), hash);
});
