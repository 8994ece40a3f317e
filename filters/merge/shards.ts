/**
 * Shards that are missing from a merged stream.
 *
 * @module
 */

import { ToolError } from "../kit/errors.ts";
import type { Ending } from "../kit/stream/failures.ts";
import { readList } from "../kit/tool/list_file.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import type { Lane } from "./lane.ts";
import { isLabel } from "./sources.ts";

/** Returns the failure if fewer than `count` sources delivered a packet. */
export function missingShards(
  count: number,
  lanes: readonly Lane[],
): Ending[] {
  const silent = lanes.filter(({ hasDelivered }) => !hasDelivered)
    .map(({ source }) => `"${source.name}"`);
  const came = lanes.length - silent.length;
  if (came >= count) return [];
  const from = silent.length > 0 ? `, none from ${silent.join(", ")}` : "";
  const reason = `Packets came from ${came} of ${count} shards${from}`;
  const testId = "subunit-merge: missing shards";
  return [{ testId, status: "fail", reason }];
}

/** Returns the failure if a label delivered no packet. */
export function missingLabel(label: string, lanes: readonly Lane[]): Ending[] {
  const lane = lanes.find(({ source }) => source.label === label);
  if (lane?.hasDelivered) return [];
  const reason = lane === undefined
    ? `No source has the label "${label}"`
    : `No packet came from "${label}"`;
  const testId = `${label}: missing shard`;
  return [{ testId, status: "fail", reason, routeCode: label }];
}

/** Reads labels from a file, one per line. */
export function readManifest(io: ToolIO, path: string): string[] {
  const labels = [...new Set(readList(io, path))];
  const wrong = labels.find((label) => !isLabel(label));
  if (wrong !== undefined) {
    throw new ToolError(
      `Cannot use "${wrong}" in "${path}" as a label: write one per line, without "/" and "="`,
    );
  }
  return labels;
}
