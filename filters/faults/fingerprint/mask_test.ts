import { assertEquals } from "@std/assert";
import { masked, maskedWords, MASKS } from "./mask.ts";

/** A row a mask: what a message becomes, quoted text kept. */
const ROWS: readonly (readonly [line: string, masked: string])[] = [
  // Kept.
  ["HTTP status 500 for it", "HTTP status 500 for it"],
  ["HTTP/1.1 404 Not Found", "HTTP/1.1 404 Not Found"],
  ["HTTP Error 403: Forbidden", "HTTP Error 403: Forbidden"],
  ["status code was 503", "status code was 503"],
  ["exited with 137", "exited with 137"],
  ["killed by signal 11", "killed by signal 11"],
  ["status 50013", "status <n>"],
  // Times.
  ["at 2026-11-28T01:02:03.456Z", "at <time>"],
  ["at 2026-11-28 01:02:03,456 +01:00", "at <time>"],
  ["on 2026-11-28", "on <time>"],
  ["at 1:02:03.5", "at <time>"],
  ["Sat, 28 Nov 2026 01:02:03 GMT", "<time> GMT"],
  ["on Nov 28", "on <time>"],
  ["May we?", "May we?"],
  // Names of machines and things.
  ["id 123e4567-e89b-12d3-a456-426614174000", "id <uuid>"],
  ["GET https://example.com:80/a?b=1 failed", "GET <url> failed"],
  ["to ann@example.com", "to <email>"],
  ["to 127.0.0.1:43210", "to <address>"],
  ["to [::1]:80", "to <address>"],
  ["to fe80:0:0:0:1:2:3:4", "to <address>"],
  ["to localhost:8080", "to <address>"],
  ["to 0x7ffd4c46", "to <n>"],
  ["commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit <n>"],
  ["commit fceb02d0ae59", "commit <n>"],
  ["deadbeef feed", "deadbeef feed"],
  // Paths.
  ["open /home/ann/shop/prices.json: no", "open <path>/prices.json: no"],
  ["open /tmp/tmpab12/x", "open <path>/x"],
  ["open /var/tmp/shop-123.lock", "open <path>"],
  ["open ../data/prices.json", "open <path>/prices.json"],
  ["open C:\\Users\\ann\\prices.json", "open <path>/prices.json"],
  ["no route for /orders?page=3", "no route for <path>"],
  ["no route for /shop/orders?q=tea", "no route for <path>/orders?q=tea"],
  ["tea and/or milk", "tea and/or milk"],
  ["in tmpx8k2f1q_", "in <tmp>"],
  // Numbers.
  ["4 != -5.25e-3", "<n> != <n>"],
  ["took 12 ms, not 3.5s", "took <n>, not <n>"],
  ["1 second or 10 seconds", "<n> or <n>"],
  ["[Errno 111] refused", "[Errno <n>] refused"],
  ["worker3 of utf-8", "worker3 of utf-<n>"],
  ["version 1.2.3 and 95%", "version <n> and <n>"],
  // Lists, repeats and white space.
  ["[1, 2, 3] != [1,2]", "<list> != <list>"],
  ["{1: 2} and (3,)", "<list> and <list>"],
  ["1, 2, 3", "<n>"],
  ["a \t b", "a b"],
];

Deno.test("masked hides what differs from run to run", () => {
  for (const [line, expected] of ROWS) {
    assertEquals(masked(line, false), expected, line);
  }
  // Masks whose removal changes no row have no test.
  for (const [index, [, pattern]] of MASKS.entries()) {
    const isUsed = ROWS.some(([line]) => new RegExp(pattern).test(line));
    assertEquals(isUsed, true, `mask ${index}`);
  }
});

Deno.test("masked hides text in quotes on request", () => {
  const rows = [
    [`no price for "tea" in 'x' and \`y'`, "no price for <q> in <q> and <q>"],
    ["it's Ann's", "it's Ann's"],
    ["got b'\\x00' and “tea”", "got <q> and <q>"],
    ["HTTP status 500: 'x'", "HTTP status 500: <q>"],
    ["['a', 'b', 3]", "<list>"],
    ["an open ' quote", "an open ' quote"],
  ];
  for (const [line, expected] of rows) {
    assertEquals(masked(line, true), expected, line);
  }
});

Deno.test("maskedWords hides the words that the source line does not have", () => {
  const held = 'raise TimeoutError(f"{path} is held by {owner}.")';
  const rows = [
    [held, "<path> is held by ann.", "<path> is held by <word>"],
    [held, "<path> is held by bob", "<path> is held by <word>"],
    // Names of errors, and numbers that masks kept.
    [held, "EBUSY is held by 500", "EBUSY is held by 500"],
    // What somebody else reported.
    [
      held,
      "<path> is held by a third party",
      "<path> is held by a third party",
    ],
    // Nothing is the line's own, or it does not raise.
    ['raise KeyError("x" + key)', "tea", "tea"],
    ["raise LockError(reason)", "held by ann", "held by ann"],
    ['check(f"held by {owner}")', "held by ann", "held by ann"],
    [
      'raise OSError(5, "Connection refused")',
      "[Errno <n>] Connection refused: <q>",
      "[Errno <n>] Connection refused: <q>",
    ],
  ];
  for (const [source, message, expected] of rows) {
    assertEquals(maskedWords(message, source), expected, message);
  }
});

Deno.test("masked keeps 200 characters", () => {
  assertEquals(masked("x ".repeat(5000), false), "x ".repeat(100));
  assertEquals(masked("x".repeat(1e6), true), "x".repeat(200));
});
