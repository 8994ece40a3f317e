/**
 * Findings as GitHub annotations, and as lines that compilers print.
 *
 * @module
 */

import { cutLine, cutText } from "../kit/text/shorten.ts";
import {
  countsInWords,
  type Finding,
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
 * Annotations for a GitHub workflow: as many as GitHub shows, and a notice that
 * counts the others.
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
    const { name, words, headline = words, text, place, others } = finding;
    const properties = {
      file: place?.path,
      line: place?.line,
      title: cutLine(
        visibleText(`${name} ${words}${alike(others)}`),
        MAX_TITLE_LENGTH,
      ),
    };
    const message = text.startsWith(headline) ? text : `${headline}\n\n${text}`;
    const most = MAX_MESSAGE_LENGTH - MARK_LENGTH;
    return annotation(kind, properties, cutText(message.trimEnd(), most));
  });
}

/** Words for the tests that an annotation stands for besides its own. */
function alike(others: number | undefined): string {
  if (others === undefined) return "";
  return `, and ${others} other${others === 1 ? "" : "s"} with this fault`;
}

/** A line as compilers print it: `src/shop.c:12: shop.total: failed`. */
export function plainLine(finding: Finding): string {
  const { name, place } = finding;
  const at = place === undefined ? "" : `${place.path}:${place.line}: `;
  return `${defuse(visibleText(`${at}${name}: ${messageOf(finding)}`))}\n`;
}
