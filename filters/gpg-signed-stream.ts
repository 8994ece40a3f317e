#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run=gpg
/**
 * gpg-signed-stream: signs a stream while it passes, and verifies it: what is
 * not what was signed does not pass.
 *
 * @module
 */

import { OPTIONS } from "./signing/option_table.ts";
import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "gpg-signed-stream",
  summary:
    "Sign a stream while it passes; verify it, and pass on what is proved",
  operands: "sign|verify [FILE]",
  options: OPTIONS,
  notes:
    `sign puts a signature packet behind each window of a subunit stream; readers of
tests leave them out. verify releases a window once it is checked, so that what
it writes is always the beginning of what was signed. The other modes are of
documents, with one signature over all of it: nothing is released before.
What was checked is said on standard error, a line a signature.`,
  exitStatus: [
    "sign: signed; verify: verified",
    "bad, altered, truncated, replayed or spliced",
    "wrong usage",
    "keys unknown, expired, revoked, weak, or too few of them",
    "malformed, or no signature",
    "input or output failed, or a limit is reached",
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
      // Not before there is something to do: openpgp takes 50 ms to load.
      const commands = await import("./signing/commands.ts");
      return await commands[command](io, options, files);
    }
    throw new UsageError(
      `The first word is "${command ?? ""}": expected sign or verify`,
    );
  },
});

if (import.meta.main) runTool(tool);
