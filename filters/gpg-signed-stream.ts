#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run=gpg
/**
 * gpg-signed-stream: signs a stream while it passes, and verifies one: only
 * bytes whose signature checks out pass on.
 *
 * @module
 */

import { OPTIONS } from "./signing/option_table.ts";
import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "gpg-signed-stream",
  summary:
    "Sign a stream as it passes; verify one, and pass on what checks out",
  operands: "sign|verify [FILE]",
  options: OPTIONS,
  notes:
    `sign appends a signature packet to each window of a subunit stream; readers of
test results ignore these packets. verify releases a window once its signature
checks out: its output is always a prefix of the signed stream. The other modes
sign documents: nothing is released until the signature over all of it checks
out. Standard error has one line per signature.`,
  exitStatus: [
    "sign: signed; verify: verified",
    "bad, altered, truncated, replayed or spliced",
    "wrong usage",
    "a key is unknown, expired, revoked or weak, or too few keys signed",
    "malformed, or not signed",
    "input or output failed, or a limit was reached",
    "the signer failed",
  ],
  examples: [
    "./runner | gpg-signed-stream sign --secret-key ci.key --context job-17 > run.subunit",
    "gpg-signed-stream verify --keyring ci.pub --context job-17 run.subunit | subunit-ls",
  ],
  // Left to end by itself, Deno 2.9.6 crashes now and then when it takes down a
  // program that signed what it read from a pipe.
  forcesExit: true,
  async run(io, options, [command, ...files]) {
    if (command === "sign" || command === "verify") {
      // Loaded on demand: openpgp takes 50 ms.
      const commands = await import("./signing/commands.ts");
      return await commands[command](io, options, files);
    }
    throw new UsageError(
      `The first word is "${command ?? ""}": expected sign or verify`,
    );
  },
});

if (import.meta.main) runTool(tool);
