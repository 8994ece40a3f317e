#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run --allow-env=EDITOR --allow-sys=uid
/**
 * fault-log: what is known of each cause of failures, as a log of events that
 * merges without conflict.
 *
 * @module
 */

import { OPTIONS } from "./faults/log/option_table.ts";
import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";

const commands = () => import("./faults/log/commands.ts");
const upkeep = () => import("./faults/log/upkeep.ts");
const signatures = () => import("./faults/log/signature_commands.ts");

/** The commands; each loads what it needs. */
const COMMANDS = {
  append: async () => (await commands()).append,
  set: async () => (await commands()).set,
  merge: async () => (await commands()).merge,
  cat: async () => (await commands()).cat,
  show: async () => (await commands()).show,
  query: async () => (await commands()).query,
  index: async () => (await commands()).index,
  redact: async () => (await upkeep()).redact,
  purge: async () => (await upkeep()).purge,
  sync: async () => (await import("./faults/log/sync_command.ts")).sync,
  sign: async () => (await signatures()).sign,
  verify: async () => (await signatures()).verify,
  compact: async () => (await upkeep()).compact,
} as const;

export const tool: Tool = defineTool({
  name: "fault-log",
  summary: "Keep what is known of each cause of failures, in a log that merges",
  operands: "COMMAND LOG [...]",
  options: OPTIONS,
  takesCommand: true,
  notes: `Commands:
  append LOG FAULT        add what the options say about a fault
  set LOG FAULT           the same, in place of what is there: settles conflicts;
                          --edit shows all versions and where they come from
  merge LOG [FILE...]     add the events of FILEs; with "-" write all to stdout
  cat [LOG...]            write the events of the faults that match --where
  show LOG FAULT          print what is known of a fault
  query [LOG...]          list faults, or rank them: --top
  index LOG               keep an index in --index or LOG.index, which query uses
  redact LOG EVENT...     take events back, by the ids that show prints
  purge LOG               rewrite the file without what was redacted or replaced
  sync LOG ssh://HOST/LOG make both equal; also with any command: sync LOG --
                          ssh HOST fault-log sync LOG
  sign LOG                sign the events of --author, or all that are not
  verify [LOG...]         print which events are signed by a key in --keyring
  compact LOG             one "seen" event of --author a month, --older than 90d

A log is a stream of packets, an event each; their order has no meaning, and
"cat a b" joins logs. A QUERY is words that must all match: state:fail,inprogress
tag:network -tag:wontfix title:"connection refused" seen:30d origin:ci-7
test:GLOB kind:KIND id:PREFIX.`,
  exitStatus: [
    "done",
    "merge --exit-status: a fault needs a decision; verify: not all are good",
  ],
  examples: [
    "fault-log set team.faults 1-h2ff --title 'shop refuses connections' --state fail",
    "fault-log query team.faults --top 20 --since 30d --where state:fail",
  ],
  async run(io, options, [command, ...operands], words) {
    if (!Object.hasOwn(COMMANDS, command ?? "")) {
      throw new UsageError(
        `The first word is "${command ?? ""}": expected ${
          Object.keys(COMMANDS).join(", ")
        }`,
      );
    }
    const run = await COMMANDS[command as keyof typeof COMMANDS]();
    return run(io, options, operands, words);
  },
});

if (import.meta.main) runTool(tool);
