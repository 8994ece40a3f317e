import { assertEquals } from "@std/assert";
import { projectIn } from "./project.ts";

Deno.test("projectIn asks once for a file, there or not", () => {
  const asked: string[] = [];
  const project = projectIn("/home/me", "/home/me", (path) => {
    asked.push(path);
    return path.endsWith(".py");
  });
  assertEquals(project.root, "/home/me");
  for (let i = 0; i < 3; i++) {
    assertEquals(project.exists("src/a.py"), true);
    assertEquals(project.exists("a.js"), false);
  }
  assertEquals(asked, ["/home/me/src/a.py", "/home/me/a.js"]);
});

Deno.test("projectIn remembers no more than 10 000 files", () => {
  let asked = 0;
  const project = projectIn("/home/me", "/home/me", () => ++asked > 0);
  for (let i = 0; i <= 10_000; i++) project.exists(`${i}.py`);
  project.exists("10000.py");
  assertEquals(asked, 10_001);
  project.exists("0.py");
  assertEquals(asked, 10_002);
});
