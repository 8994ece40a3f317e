#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-filter: pass on the packets of the tests that are asked for. What
 * passes and is not to be changed leaves as it came; packets wait only while
 * it is open whether their test is asked for.
 *
 * @module
 */

import { globToRegExp } from "@std/path/posix/glob-to-regexp";
import {
  decodePacket,
  OUTCOMES,
  PacketChange,
  PacketEditor,
  type StreamItem,
  TEST_STATUSES,
} from "@subunit/codec";
import { readList } from "./kit/tool/list_file.ts";
import type { OptionTable, OptionValues } from "./kit/tool/options.ts";
import { pythonRegex, pythonSubstitute } from "./kit/python/regex.ts";
import { Rewriter } from "./select/rewriter.ts";
import {
  isFound,
  matching,
  type NameRule,
  not,
  type Result,
  resultIn,
  type Rule,
  type Rules,
  withoutTags,
  withTags,
  withText,
} from "./select/rules.ts";
import { Selection } from "./select/selection.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  parseChoice,
  parseCount,
  runTool,
  type Tool,
  ToolError,
  type ToolIO,
} from "./kit/tool/tool.ts";

const OPTIONS = {
  error: { help: "include errors (version 2 knows failures only)" },
  "no-error": { short: "e", help: "exclude errors" },
  failure: { help: "include failures" },
  "no-failure": { short: "f", help: "exclude failures" },
  passthrough: { help: "pass text and files of no test on" },
  "no-passthrough": { help: "leave text and files of no test out" },
  success: { short: "s", help: "include successes" },
  "no-success": { help: "exclude successes" },
  "no-skip": { help: "exclude skips" },
  xfail: { help: "include expected failures" },
  "no-xfail": { help: "exclude expected failures" },
  "with-tag": { value: "TAG", list: true, help: "tests with all these tags" },
  "without-tag": { value: "TAG", list: true, help: "tests with none of them" },
  with: {
    short: "m",
    value: "REGEX",
    list: true,
    help: "tests with a match in id, result or attachments",
  },
  without: { value: "REGEX", list: true, help: "tests without one" },
  "fixup-expected-failures": {
    value: "FILE",
    list: true,
    help: "tests listed there are expected to fail: fail becomes xfail",
  },
  "only-genuine-failures": {
    short: "F",
    means: ["no-success", "no-skip", "no-xfail", "no-passthrough"],
    help: "only what makes a run fail",
  },
  rename: {
    value: "REGEX TEXT",
    list: true,
    pair: true,
    help: "put TEXT for each match in ids",
  },
  id: { value: "REGEX", list: true, help: "tests with a match in their id" },
  text: {
    value: "REGEX",
    list: true,
    help: "tests with a match in an attachment",
  },
  status: {
    value: "LIST",
    list: true,
    help: "tests with one of these statuses, or lost",
  },
  route: { value: "GLOB", list: true, help: "events with such a route code" },
  "load-list": { value: "FILE", list: true, help: "tests listed there" },
  "keep-all": { help: "all tests, whatever their status" },
  invert: { help: "pass on what would be left out" },
  "judge-subtests": { help: "select subtests without regard to their parent" },
  "strip-attachments": {
    value: "GLOB",
    bare: "**",
    list: true,
    help: "take attachments with such a name out",
  },
  "max-attachment": { value: "BYTES", help: "cut longer attachments" },
  protocol: { value: "2.0", help: "take the parents of subtests out" },
  ...EXIT_STATUS_OPTION,
} as const satisfies OptionTable;

type Options = OptionValues<typeof OPTIONS>;

/** The options after which nothing is left out unless they say so. */
const FROM_ALL = [
  "id",
  "text",
  "status",
  "route",
  "load-list",
  "keep-all",
  "strip-attachments",
  "max-attachment",
  "protocol",
] as const;

/** Says whether an option was given. */
function isGiven(options: Options, name: keyof Options): boolean {
  const value = options[name];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

const RESULTS = [...OUTCOMES, "exists"] as const;

/** The results that options by status leave in. */
export function wantedResults(options: Options): ReadonlySet<Result> {
  const { status, success, xfail } = options;
  const isFromAll = FROM_ALL.some((name) => isGiven(options, name));
  const excluded: Partial<Record<Result, boolean>> = {
    success: options["no-success"] || !success && !isFromAll,
    xfail: options["no-xfail"] || !xfail && !isFromAll,
    skip: options["no-skip"],
    fail: options["no-failure"],
    exists: options["only-genuine-failures"],
  };
  const named = status.flatMap((list) => list.split(",")).map((name) => {
    const known = parseChoice("status", name, [...TEST_STATUSES, "lost"]);
    return known === "inprogress" ? "lost" : known;
  });
  return new Set(
    RESULTS.filter((result) =>
      !excluded[result] && (named.length === 0 || named.includes(result))
    ),
  );
}

/** The rules the options make. */
function rulesOf(io: ToolIO, options: Options): Rules {
  const names: NameRule[] = [], others: Rule[] = [];
  const given = (name: keyof Options) => isGiven(options, name);
  if (given("id")) {
    const ids = options.id.map((id) => pythonRegex(id));
    names.push(({ testId = "" }) => isFound(ids, testId));
  }
  if (given("load-list")) {
    const ids = idSet(io, options["load-list"]);
    names.push(({ testId = "" }) => ids.has(testId));
  }
  const onRoute = routeRule(options);
  if (onRoute !== undefined) names.push(onRoute);
  const results = wantedResults(options);
  if (results.size < RESULTS.length) others.push(resultIn(results));
  if (given("with-tag")) others.push(withTags(options["with-tag"]));
  if (given("without-tag")) others.push(withoutTags(options["without-tag"]));
  if (given("with")) others.push(matching(byLine(options.with)));
  if (given("without")) others.push(not(matching(byLine(options.without))));
  if (given("text")) others.push(withText(byLine(options.text)));
  return { names, others };
}

function byLine(expressions: readonly string[]): RegExp[] {
  return expressions.map((one) => pythonRegex(one, { multiline: true }));
}

function routeRule({ route }: Options): NameRule | undefined {
  if (route.length === 0) return undefined;
  const isWanted = globTest(route);
  return ({ routeCode }) => routeCode !== undefined && isWanted(routeCode);
}

/** Says whether a text is like one of `globs`; only "**" crosses slashes. */
function globTest(globs: readonly string[]): (text: string) => boolean {
  const expressions = globs.map((glob) =>
    globToRegExp(glob, { globstar: true })
  );
  return (text) => isFound(expressions, text);
}

function idSet(io: ToolIO, lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => readList(io, list)));
}

/** The new id of a test: each REGEX and TEXT in turn. */
function renaming(pairs: readonly string[]): (testId: string) => string {
  const substitutes = pairs.flatMap((text, i) =>
    i % 2 === 0 ? [pythonSubstitute(text, pairs[i + 1])] : []
  );
  return (testId) => {
    const renamed = substitutes.reduce((id, rename) => rename(id), testId);
    if (!renamed.includes("\0")) return renamed;
    throw new ToolError(
      `Cannot rename "${testId}": the new id holds a NUL: change --rename`,
    );
  };
}

/** What the options change; undefined when that is nothing. */
function rewriterOf(io: ToolIO, options: Options): Rewriter | undefined {
  const { rename, protocol, "max-attachment": most } = options;
  const given = (name: keyof Options) => isGiven(options, name);
  if (protocol !== undefined) parseChoice("protocol", protocol, ["2.0"]);
  const changes = {
    ...(given("rename") && { rename: renaming(rename) }),
    ...(given("fixup-expected-failures") && {
      expectedFailures: idSet(io, options["fixup-expected-failures"]),
    }),
    ...(given("strip-attachments") && {
      isStripped: globTest(options["strip-attachments"]),
    }),
    ...(most !== undefined && {
      maxAttachmentBytes: parseCount("max-attachment", most),
    }),
    ...(protocol !== undefined && { withoutParents: true }),
  };
  return Object.keys(changes).length > 0 ? new Rewriter(changes) : undefined;
}

export const tool: Tool = defineTool({
  name: "subunit-filter",
  summary: "Pass on the tests of a subunit stream that are asked for",
  operands: "[FILE...]",
  options: OPTIONS,
  notes:
    `Successes and expected failures are left out, unless --success or --xfail ask
for them, or one of the options from --id to --protocol is given but for
--invert and --judge-subtests. REGEX is a regular expression of Python's; GLOB
is a shell pattern in which only ** matches "/". Of the same option any value
will do, of --with-tag all are needed. Damage always passes on.`,
  exitStatus: [
    "done",
    "with --exit-status: what passes on has a failed or lost test, or damage",
  ],
  examples: [
    "./runner | subunit-filter -F | subunit-ls",
    "subunit-filter --id '^net\\.' --route '0/*' --max-attachment 10000 run.subunit",
  ],
  run(io, options, files) {
    const { invert } = options;
    const rules = rulesOf(io, options);
    const onRoute = routeRule(options);
    const rewriter = rewriterOf(io, options);
    const editor = new PacketEditor();
    const verdict = options["exit-status"] ? new Verdict() : undefined;
    const pass = (item: StreamItem) => {
      io.out.writeItem(item);
      verdict?.add(item);
    };
    const selection = new Selection({
      rules,
      rewriter,
      followsParents: !options["judge-subtests"],
      take(packet, isSelected) {
        if (isSelected === invert) return;
        const fields = rewriter?.changesOf(packet);
        if (fields === undefined) return pass(packet);
        editor.editEach(packet, new PacketChange(fields), (bytes) => {
          io.out.write(bytes);
          verdict?.add(decodePacket(bytes));
        });
      },
      warn: (message) => io.warn(message),
    });
    /** Whether something of no test passes on; damage always does. */
    const passes = (item: StreamItem) => {
      if (item.kind === "damage") return true;
      if (options["no-passthrough"]) return false;
      return item.kind === "foreign" || onRoute === undefined ||
        onRoute(item) !== invert;
    };
    io.forEachItem(files, (item) => {
      if (item.kind === "packet" && item.idAt >= 0) selection.add(item);
      else if (passes(item)) pass(item);
    }, () => selection.endChunk());
    selection.end();
    verdict?.end();
    return verdict?.exitStatus;
  },
});

if (import.meta.main) runTool(tool);
