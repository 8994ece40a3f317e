#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-tags: adds and removes tags. Only the tags of a packet are rewritten,
 * and only where they change; text and damage pass on.
 *
 * @module
 */

import { RowTagger } from "./kit/stream/row_tagger.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
  UsageError,
} from "./kit/tool/tool.ts";

/** The change that the operands describe: "TAG" adds a tag, "-TAG" removes it. */
export interface TagChange {
  readonly added: readonly string[];
  readonly removed: ReadonlySet<string>;
}

/** Reads the operands; the last one for a tag counts. */
export function readTagChange(operands: readonly string[]): TagChange {
  const added = new Set<string>(), removed = new Set<string>();
  for (const operand of operands) {
    const isRemoved = operand.startsWith("-");
    const tag = isRemoved ? operand.slice(1) : operand;
    if (tag === "" || tag.includes("\0")) {
      throw new UsageError(`Cannot use "${operand}" as a tag`);
    }
    (isRemoved ? removed : added).add(tag);
    (isRemoved ? added : removed).delete(tag);
  }
  return { added: [...added].sort(), removed };
}

/**
 * Returns the tags after a change: the kept ones in order, then the new ones.
 * Returns the same array if nothing changes.
 */
export function changedTags(
  tags: readonly string[],
  { added, removed }: TagChange,
): readonly string[] {
  const kept = tags.filter((tag) => !removed.has(tag));
  const missing = added.filter((tag) => !kept.includes(tag));
  return kept.length === tags.length && missing.length === 0
    ? tags
    : [...kept, ...missing];
}

export const tool: Tool = defineTool({
  name: "subunit-tags",
  summary: "Add and remove tags in a subunit stream",
  operands: "[TAG|-TAG]...",
  options: EXIT_STATUS_OPTION,
  takesDashes: true,
  notes:
    `TAG is added to every event, and -TAG is removed; the stream is standard input.
Packets whose tags do not change, text and damage pass on unchanged.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "./runner | subunit-tags nightly linux > run.subunit",
    "subunit-tags slow -quick < run.subunit | subunit-stats --by tag",
  ],
  run(io, options, operands) {
    const wanted = readTagChange(operands);
    const changer = new RowTagger(
      io.out,
      (tags) => changedTags(tags, wanted),
    );
    const verdict = new Verdict();
    io.forEachRows([], (rows) => {
      changer.write(rows);
      if (!options["exit-status"]) return;
      for (let i = 0; i < rows.count; i++) verdict.addRow(rows, i);
    }, (item) => {
      io.out.writeItem(item);
      if (options["exit-status"]) verdict.add(item);
    });
    verdict.end();
    return io.conclude(verdict);
  },
});

if (import.meta.main) runTool(tool);
