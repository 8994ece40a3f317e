/**
 * The options of subunit-filter, and the rules and changes that follow from them.
 *
 * @module
 */

import { globToRegExp } from "@std/path/posix/glob-to-regexp";
import { OUTCOMES, TEST_STATUSES } from "@subunit/codec";
import { ToolError } from "../kit/errors.ts";
import { pythonRegex, pythonSubstitute } from "../kit/python/regex.ts";
import { readIds } from "../kit/tool/list_file.ts";
import {
  type OptionTable,
  type OptionValues,
  parseChoice,
  parseCount,
} from "../kit/tool/options.ts";
import { EXIT_STATUS_OPTION, type ToolIO } from "../kit/tool/tool.ts";
import { Rewriter } from "./rewriter.ts";
import {
  type EndRules,
  isFound,
  matching,
  type NameRule,
  not,
  outcomeIn,
  type OutcomeOrExists,
  type Rule,
  type Rules,
  withoutTags,
  withTags,
  withText,
} from "./rules.ts";

export const OPTIONS = {
  error: { help: "include errors (version 2 has failures only)" },
  "no-error": { short: "e", help: "exclude errors" },
  failure: { help: "include failures" },
  "no-failure": { short: "f", help: "exclude failures" },
  passthrough: { help: "pass on text and files without a test" },
  "no-passthrough": { help: "leave out text and files without a test" },
  success: { short: "s", help: "include successes" },
  "no-success": { help: "exclude successes" },
  "no-skip": { help: "exclude skips" },
  xfail: { help: "include expected failures" },
  "no-xfail": { help: "exclude expected failures" },
  "with-tag": { value: "TAG", list: true, help: "tests with all these tags" },
  "without-tag": {
    value: "TAG",
    list: true,
    help: "tests with none of these tags",
  },
  with: {
    short: "m",
    value: "REGEX",
    list: true,
    help: "tests with a match in id, result or attachments",
  },
  without: { value: "REGEX", list: true, help: "tests without such a match" },
  "fixup-expected-failures": {
    value: "FILE",
    list: true,
    help: "tests in the file are expected to fail: fail becomes xfail",
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
    help: "replace each match in ids with TEXT",
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
  route: {
    value: "GLOB",
    list: true,
    help: "events with a matching route code",
  },
  "load-list": { value: "FILE", list: true, help: "tests in the file" },
  "keep-all": { help: "all tests, whatever their status" },
  invert: { help: "pass on what would be left out" },
  "judge-subtests": { help: "select subtests regardless of their parents" },
  "strip-attachments": {
    value: "GLOB",
    bare: "**",
    list: true,
    help: "remove attachments with a matching name",
  },
  "max-attachment": { value: "BYTES", help: "truncate longer attachments" },
  "no-control": { help: "leave out messages of a test server" },
  protocol: { value: "2.0", help: "remove the parents of subtests" },
  ...EXIT_STATUS_OPTION,
} as const satisfies OptionTable;

type Options = OptionValues<typeof OPTIONS>;

/** Options with which successes and expected failures are not left out. */
const FROM_ALL = [
  "id",
  "text",
  "status",
  "route",
  "load-list",
  "keep-all",
  "strip-attachments",
  "max-attachment",
  "no-control",
  "protocol",
] as const;

/** Returns whether an option was given. */
function isGiven(options: Options, name: keyof Options): boolean {
  const value = options[name];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

const OUTCOMES_AND_EXISTS = [...OUTCOMES, "exists"] as const;

/** Returns the outcomes that the options about statuses select. */
export function wantedOutcomes(options: Options): ReadonlySet<OutcomeOrExists> {
  const { status, success, xfail } = options;
  const isFromAll = FROM_ALL.some((name) => isGiven(options, name));
  const excluded: Partial<Record<OutcomeOrExists, boolean>> = {
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
    OUTCOMES_AND_EXISTS.filter((outcome) =>
      !excluded[outcome] && (named.length === 0 || named.includes(outcome))
    ),
  );
}

/** Returns the rules that the options describe. */
export function rulesOf(io: ToolIO, options: Options): Rules {
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
  const outcomes = wantedOutcomes(options);
  const isByOutcome = outcomes.size < OUTCOMES_AND_EXISTS.length;
  if (isByOutcome) others.push(outcomeIn(outcomes));
  if (given("with-tag")) others.push(withTags(options["with-tag"]));
  if (given("without-tag")) others.push(withoutTags(options["without-tag"]));
  if (given("with")) others.push(matching(byLine(options.with)));
  if (given("without")) others.push(not(matching(byLine(options.without))));
  if (given("text")) others.push(withText(byLine(options.text)));
  const isByMore = names.length > 0 ||
    (["with", "without", "text"] as const).some(given);
  const atEnd = isByOutcome && !isByMore
    ? { outcomes, hasTags: tagRule(options) }
    : undefined;
  return { names, others, atEnd };
}

/** Returns what the options demand of a test's tags; undefined for nothing. */
function tagRule(options: Options): EndRules["hasTags"] {
  const { "with-tag": wanted, "without-tag": unwanted } = options;
  if (wanted.length === 0 && unwanted.length === 0) return undefined;
  return (tags) =>
    wanted.every((tag) => tags.includes(tag)) &&
    !unwanted.some((tag) => tags.includes(tag));
}

function byLine(expressions: readonly string[]): RegExp[] {
  return expressions.map((one) => pythonRegex(one, { multiline: true }));
}

export function routeRule({ route }: Options): NameRule | undefined {
  if (route.length === 0) return undefined;
  const isWanted = globTest(route);
  return ({ routeCode }) => routeCode !== undefined && isWanted(routeCode);
}

/** Compiles globs, one of which must match; only "**" matches "/". */
function globTest(globs: readonly string[]): (text: string) => boolean {
  const expressions = globs.map((glob) =>
    globToRegExp(glob, { globstar: true })
  );
  return (text) => isFound(expressions, text);
}

function idSet(io: ToolIO, lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => readIds(io, list)));
}

/** Returns a function that applies each REGEX and TEXT in turn. */
function renaming(pairs: readonly string[]): (testId: string) => string {
  const substitutes = pairs.flatMap((text, i) =>
    i % 2 === 0 ? [pythonSubstitute(text, pairs[i + 1])] : []
  );
  return (testId) => {
    const renamed = substitutes.reduce((id, rename) => rename(id), testId);
    if (!renamed.includes("\0")) return renamed;
    throw new ToolError(
      `Cannot rename "${testId}": the new id has a NUL: change --rename`,
    );
  };
}

/** Returns a rewriter for the options that change packets; undefined without any. */
export function rewriterOf(io: ToolIO, options: Options): Rewriter | undefined {
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
