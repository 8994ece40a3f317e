/**
 * What the options and operands of `subunit-run` ask for.
 *
 * @module
 */

import { UsageError } from "../../kit/errors.ts";
import { pythonRegex } from "../../kit/python/regex.ts";
import { readIds } from "../../kit/tool/list_file.ts";
import { parseCount } from "../../kit/tool/options.ts";
import type { ToolIO } from "../../kit/tool/tool_io.ts";
import { readEarlier } from "./durations.ts";
import { groupBy, usualGroup } from "./groups.ts";
import type { Plan } from "./modes.ts";
import { MAX_ID_LENGTH } from "./session.ts";

/** The options that count something. */
type Count = "jobs" | "fail-fast" | "repeat" | "timeout";

/** The options by their names. */
export interface RunOptions
  extends Readonly<Record<Count, string | undefined>> {
  readonly list: boolean;
  readonly "load-list": readonly string[];
  readonly history: readonly string[];
  readonly "failing-first": boolean;
  readonly failing: boolean;
  readonly group: string | undefined;
  readonly "until-failure": boolean;
  readonly shuffle: string | undefined;
  readonly bisect: string | undefined;
  readonly connect: string | undefined;
  readonly watch: boolean;
}

/**
 * Refuses options that do not go together.
 *
 * @throws {UsageError}
 */
export function checkOptions(
  options: RunOptions,
  command: readonly string[],
): void {
  const { connect } = options;
  if (connect === undefined && command.length === 0) {
    throw new UsageError("Expected a worker to run, after --");
  }
  if (connect !== undefined && command.length > 0) {
    throw new UsageError("Option --connect and a worker exclude each other");
  }
  if (connect !== undefined && options.jobs !== undefined) {
    throw new UsageError("Options --connect and --jobs exclude each other");
  }
  const modes =
    (["list", "bisect", "watch", "until-failure", "repeat"] as const)
      .filter((one) => options[one]);
  const isPair = modes.join() === "until-failure,repeat";
  if (modes.length > 1 && !isPair) {
    throw new UsageError(
      `Options --${modes[0]} and --${modes[1]} exclude each other`,
    );
  }
  for (const name of ["failing", "failing-first"] as const) {
    if (options[name] && options.history.length === 0) {
      throw new UsageError(`Option --${name} needs --history=DIR`);
    }
  }
}

/** The value of an option that counts, at least 1; undefined without it. */
export function countOf(options: RunOptions, name: Count): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const number = parseCount(name, value);
  if (number > 0) return number;
  throw new UsageError(`Option --${name} is "0": expected at least 1`);
}

/** What to run, and in which order; undefined if that is nothing. */
export async function planOf(
  io: ToolIO,
  options: RunOptions,
  operands: readonly string[],
): Promise<Plan | undefined> {
  // A packet cannot tell it from no test at all.
  if (operands.includes("")) throw new UsageError("An ID is empty");
  const earlier = await readEarlier(io, options.history);
  const isAll = operands.length === 0 && options["load-list"].length === 0 &&
    !options.failing;
  const listed = options["load-list"].flatMap((file) => readIds(io, file));
  const failing = options.failing ? earlier.failing : [];
  const ids = [...operands, ...listed, ...failing];
  if (ids.some((id) => id.length > MAX_ID_LENGTH)) {
    throw new UsageError(`An ID is longer than ${MAX_ID_LENGTH} characters`);
  }
  if (!isAll && ids.length === 0) {
    // A worker that gets no ids would run all tests.
    if (!options.failing) io.warn("Nothing to run: the list is empty");
    return undefined;
  }
  return {
    ids: isAll ? undefined : ids,
    secondsOf: earlier.secondsOf,
    first: options["failing-first"] ? earlier.failing : undefined,
    groupOf: options.group === undefined
      ? usualGroup
      : groupBy(pythonRegex(options.group)),
    seed: options.shuffle === undefined
      ? undefined
      : parseCount("shuffle", options.shuffle),
    repeats: countOf(options, "repeat") ??
      (options["until-failure"] ? Infinity : 1),
    untilFailure: options["until-failure"],
  };
}
