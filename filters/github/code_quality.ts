/**
 * What is wrong in a run as a Code Quality report of GitLab.
 *
 * @module
 */

import { visibleText } from "../kit/text/visible.ts";
import { type Finding, type FindingKind, messageOf } from "./findings.ts";
import { defuse } from "./workflow_commands.ts";

/** GitLab's words for how bad something is. */
const SEVERITIES: Record<FindingKind, string> = {
  damage: "blocker",
  lost: "critical",
  fail: "major",
  uxsuccess: "major",
  flaky: "minor",
};

/**
 * An issue of a Code Quality report of GitLab, in JSON. The report asks each
 * for a place, and takes two of one fingerprint for one.
 */
export function gitlabIssue(finding: Finding): string {
  const { kind, name, text, place } = finding;
  const identity = [name, kind, kind === "damage" ? text : ""];
  return defuse(JSON.stringify({
    description: visibleText(`${name}: ${messageOf(finding)}`),
    check_name: kind,
    fingerprint: fingerprint(JSON.stringify(identity)),
    severity: SEVERITIES[kind],
    location: {
      path: place?.path ?? "unknown",
      lines: { begin: place?.line ?? 1 },
    },
  }));
}

const encoder = new TextEncoder();

/**
 * A name for a text: FNV-1a with 64 bits, in hexadecimal. The runtime's digests
 * keep their memory for too long, at one for each test.
 */
export function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
