/**
 * A small suite for the demonstration, run by `node --test`. Some of it fails
 * on purpose.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";

describe("tides", () => {
  it("come twice a day", () => assert.equal(24 / 12, 2));
  it("are the same everywhere", () => assert.equal(14, 0.3));
  it("on the Moon", { skip: "there is no sea" }, () => assert.fail());
  it("are predicted for ever", { todo: "chaos" }, () => assert.fail());
});
