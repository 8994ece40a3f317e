/**
 * A suite for the demonstration, run by `node --test`. Some of it fails on
 * purpose.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";

// For a short annotation: Node's own frames add nothing here.
Error.stackTraceLimit = 1;

describe("tides", () => {
  it("come twice a day", () => assert.equal(24 / 12, 2));
  it("are the same everywhere", () => {
    assert.equal(14, 0.3, "14 m in Fundy, 0.3 m in Trieste");
  });
  it("on the Moon", { skip: "there is no sea" }, () => assert.fail());
  it("are predicted for ever", { todo: "chaos" }, () => assert.fail());
});
