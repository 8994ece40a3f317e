/**
 * What is wrong in a run as GitHub, GitLab and compilers say it.
 *
 * @module
 */

import { cutLine, cutText } from "../kit/text/shorten.ts";
import {
  countsInWords,
  type Finding,
  type FindingKind,
  messageOf,
  type WorstFindings,
} from "./findings.ts";
import { visibleText } from "../kit/text/visible.ts";
import {
  annotation,
  type AnnotationKind,
  defuse,
  MAX_ANNOTATIONS,
  MAX_MESSAGE_LENGTH,
  MAX_TITLE_LENGTH,
} from "./workflow_commands.ts";

/** Room for the mark where a message is cut. */
const MARK_LENGTH = 50;

/**
 * Annotations of a GitHub workflow, as many as it shows, and one that says how
 * many are left out.
 */
export function annotationsOf(
  errors: WorstFindings,
  warnings: WorstFindings,
): string {
  const lines = [
    ...shownOf("error", errors),
    ...shownOf("warning", warnings),
  ];
  const rest = [errors, warnings]
    .map((findings) => countsInWords(findings.besides(MAX_ANNOTATIONS)))
    .filter((words) => words !== "").join(", ");
  if (rest !== "") {
    const title = `GitHub shows ${MAX_ANNOTATIONS} annotations of a kind`;
    lines.push(annotation("notice", { title }, `Left out: ${rest}`));
  }
  return lines.join("");
}

function shownOf(kind: AnnotationKind, findings: WorstFindings): string[] {
  return findings.worst.slice(0, MAX_ANNOTATIONS).map((finding) => {
    const { name, words, headline = words, text, place } = finding;
    const properties = {
      file: place?.path,
      line: place?.line,
      title: cutLine(visibleText(`${name} ${words}`), MAX_TITLE_LENGTH),
    };
    const message = text.startsWith(headline) ? text : `${headline}\n\n${text}`;
    const most = MAX_MESSAGE_LENGTH - MARK_LENGTH;
    return annotation(kind, properties, cutText(message.trimEnd(), most));
  });
}

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

/** A line as compilers print it: `src/shop.c:12: shop.total: failed`. */
export function plainLine(finding: Finding): string {
  const { name, place } = finding;
  const at = place === undefined ? "" : `${place.path}:${place.line}: `;
  return `${defuse(visibleText(`${at}${name}: ${messageOf(finding)}`))}\n`;
}
