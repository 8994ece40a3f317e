/**
 * Lists of tests: which rows, in what order, in what form.
 *
 * @module
 */

import {
  isFailure,
  type Outcome,
  OUTCOMES,
  type Packet,
  PARSER_TEST_ID,
  type StatusEvent,
} from "@subunit/codec";
import { formatSeconds } from "../kit/python/format.ts";
import { faultIn } from "../kit/stream/fault_tag.ts";
import { compareText } from "../kit/text/order.ts";
import { parseChoice } from "../kit/tool/options.ts";
import { Top } from "./first_few.ts";
import { findParent } from "../kit/text/parent.ts";

/** A test in a list; a finished test of the collator is one. */
export interface Row {
  readonly testId: string;
  readonly routeCode: string | undefined;
  readonly outcome: Outcome | "exists";
  readonly seconds: number | undefined;
  readonly tags: readonly string[];
  readonly parentTestId: string | undefined;
  /** Whether it is a test; if not, it may have tests of other routes below it. */
  readonly runnable?: boolean;
  /** A packet has the bytes of the id; good until the chunk ends. */
  readonly last?: StatusEvent;
}

/** The outcome in a row. */
export type ListedOutcome = Row["outcome"];

/**
 * The outcomes to list, from the options that choose them.
 *
 * @param onlyFailures whether failures are what is listed unless an option says more
 */
export function chosenOutcomes(
  options: { failing: boolean; exists: boolean; status?: string },
  onlyFailures: boolean,
): ReadonlySet<ListedOutcome> {
  const failures = OUTCOMES.filter(isFailure);
  const chosen = new Set<ListedOutcome>(options.failing ? failures : []);
  for (const name of options.status?.split(",") ?? []) {
    chosen.add(parseChoice("status", name, [...OUTCOMES, "exists"]));
  }
  if (chosen.size === 0) {
    (onlyFailures ? failures : OUTCOMES).forEach((one) => chosen.add(one));
  }
  if (options.exists) chosen.add("exists");
  return chosen;
}

/** The row of a test that is reported to exist. */
export function existingRow(packet: Packet): Row {
  return {
    testId: packet.testId!,
    outcome: "exists",
    routeCode: packet.routeCode,
    seconds: undefined,
    tags: packet.tags ?? [],
    parentTestId: packet.parentTestId,
    runnable: packet.runnable,
  };
}

export const DAMAGE_ROW: Row = {
  testId: PARSER_TEST_ID,
  outcome: "fail",
  routeCode: undefined,
  seconds: undefined,
  tags: [],
  parentTestId: undefined,
};

/** A row that owns what it holds. */
export function holdRow(row: Row): Row {
  const { testId, routeCode, outcome, seconds, tags, parentTestId } = row;
  const { runnable } = row;
  return { testId, routeCode, outcome, seconds, tags, parentTestId, runnable };
}

/** Slowest first; what has no time is last. */
function bySeconds(a: Row, b: Row): number {
  return (b.seconds ?? -Infinity) - (a.seconds ?? -Infinity) || 0;
}

/** By test id, then by route code. */
function byId(a: Row, b: Row): number {
  return compareText(a.testId, b.testId) ||
    compareText(a.routeCode ?? "", b.routeCode ?? "");
}

/** The orders a list can have. */
export const ORDERS = ["stream", "time", "id"] as const;
export type Order = typeof ORDERS[number];

/** Rows to be listed in the end: sorted, and no more than asked for. */
export function heldRows(
  order: Order,
  limit: number,
): Top<Row> {
  return new Top(
    limit,
    { stream: undefined, time: bySeconds, id: byId }[order],
  );
}

/** What rows can be grouped by. */
export const GROUPINGS = ["fault"] as const;

/** The rows of one fault; undefined for those without one. */
export interface FaultRows {
  readonly fault: string | undefined;
  readonly rows: Row[];
}

/** Rows by their faults, the largest groups first, those without one last. */
export function rowsByFault(rows: readonly Row[]): FaultRows[] {
  const groups = new Map<string | undefined, FaultRows>();
  for (const row of rows) {
    const fault = faultIn(row.tags);
    const group = groups.get(fault);
    if (group === undefined) groups.set(fault, { fault, rows: [row] });
    else group.rows.push(row);
  }
  const size = ({ fault, rows }: FaultRows) =>
    fault === undefined ? 0 : rows.length;
  return [...groups.values()].sort((a, b) => size(b) - size(a));
}

/** The forms a row can have. */
export const FORMATS = ["plain", "tsv", "json"] as const;
export type Format = typeof FORMATS[number];

/**
 * A row's line, without its end.
 *
 * @param notes are written behind the row, or as tags in JSON
 */
export function formatRow(
  row: Row,
  format: Format,
  withTimes: boolean,
  notes?: readonly string[],
  withFault = false,
): string {
  const fault = withFault ? faultIn(row.tags) : undefined;
  switch (format) {
    case "plain": {
      const shown = notes?.length ? ` (${notes.join(", ")})` : "";
      return withTimes
        ? `${row.testId} ${formatTime(row) ?? "-"}${shown}`
        : row.testId + shown;
    }
    case "tsv":
      return [
        row.testId,
        row.outcome,
        formatTime(row) ?? "",
        row.routeCode ?? "",
        ...notes === undefined ? [] : [notes.join(",")],
        ...withFault ? [fault ?? ""] : [],
      ].map(escapeField).join("\t");
    case "json": {
      const tags = [...row.tags, ...notes ?? []];
      return JSON.stringify({
        test_id: row.testId,
        outcome: row.outcome,
        seconds: row.seconds,
        tags: tags.length > 0 ? tags : undefined,
        route_code: row.routeCode,
        parent_test_id: row.parentTestId,
        fault,
      });
    }
  }
}

function formatTime({ seconds }: Row): string | undefined {
  return seconds === undefined ? undefined : formatSeconds(seconds);
}

function escapeField(field: string): string {
  return field.replace(
    /[\\\t\n\r]/g,
    (character) =>
      ({ "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" })[character]!,
  );
}

/**
 * The rows with subtests after their parents, and the depth of each. A parent is
 * on the route of its subtests, or above it if it is no test. A row whose parent is not among
 * them is at the top.
 */
export function treeOf(
  rows: readonly Row[],
): { row: Row; depth: number }[] {
  const keyOf = (testId: string, routeCode: string | undefined) =>
    JSON.stringify([testId, routeCode]);
  const parents = new Map(
    rows.map((row) => [keyOf(row.testId, row.routeCode), row]),
  );
  const children = new Map<Row, Row[]>();
  const roots: Row[] = [];
  for (const row of rows) {
    const { parentTestId } = row;
    const parent = parentTestId === undefined ? undefined : findParent(
      row.routeCode,
      (route) => parents.get(keyOf(parentTestId, route)),
      ({ runnable = true }) => runnable,
    );
    if (parent === undefined) {
      roots.push(row);
    } else {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [row]);
      else siblings.push(row);
    }
  }
  const listed = new Set<Row>();
  const tree: { row: Row; depth: number }[] = [];
  // Rows that are their own ancestors hang from no root: they come last.
  for (const root of [...roots, ...rows]) {
    const pending = [{ row: root, depth: 0 }];
    for (let next; (next = pending.pop()) !== undefined;) {
      const { row, depth } = next;
      if (listed.has(row)) continue;
      listed.add(row);
      tree.push(next);
      const below = children.get(row) ?? [];
      for (const child of below.toReversed()) {
        pending.push({ row: child, depth: depth + 1 });
      }
    }
  }
  return tree;
}
