/**
 * A suite for the demonstration, run by `node --test`: its process is killed
 * in the middle of a test.
 *
 * @module
 */

import { test } from "node:test";
import { setTimeout } from "node:timers/promises";

test("leaves Earth", () => {});

test("lands on Mars", async () => {
  console.log("altitude 1200 m, speed 370 m/s");
  // The output, and the runner's own report, must arrive first.
  await setTimeout(100);
  process.kill(process.pid, "SIGKILL");
});

test("phones home", () => {});
